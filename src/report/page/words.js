// Numbers, names and times as the commands of plimsoll write them.

const BYTES = new Set(["list_bytes", "bytes_read", "egress_bytes"]);
const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

export const count = (n) => Math.round(n).toLocaleString("en-US");
export const noun = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

export function bytes(n) {
  let unit = 0;
  while (n >= 999.5 && unit + 1 < UNITS.length) {
    n /= 1000;
    unit += 1;
  }
  return `${unit === 0 || n >= 99.95 ? n.toFixed(0) : n.toFixed(1)} ${UNITS[unit]}`;
}

export const isBytes = (metric) => BYTES.has(metric);

export function amount(metric, x) {
  if (isBytes(metric)) return bytes(x);
  return x < 9.95 && !Number.isInteger(x) ? x.toFixed(1) : count(x);
}

export const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

export function probability(p) {
  if (p <= 0) return "below 1e-300";
  return p < 0.001 ? p.toExponential(1) : p.toFixed(3);
}

export function once(perDay) {
  const days = 1 / perDay;
  if (!(days >= 1e-9 && days < 1e12)) return "less than once in 1e12 days";
  if (days < 1.5) return "about every day";
  if (days < 100) return `once in ${days.toFixed(0)} days`;
  if (days >= 1e7) return `once in ${days.toExponential(1)} days`;
  const unit = 10 ** (Math.floor(Math.log10(days)) - 2);
  return `once in ${count(Math.round(days / unit) * unit)} days`;
}

export function duration(secs) {
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  secs = Math.max(0, Math.round(secs));
  if (secs >= 86400) return `${Math.floor(secs / 86400)}d ${two((secs % 86400) / 3600)}h`;
  if (secs >= 3600) return `${Math.floor(secs / 3600)}h ${two((secs % 3600) / 60)}m`;
  if (secs >= 60) return `${Math.floor(secs / 60)}m ${two(secs % 60)}s`;
  return `${secs}s`;
}

/** Writes a span of time as `10m` with a unit. */
export function span(window) {
  const [, digits, unit] = /^(\d+)(\w+)$/.exec(window) ?? [null, "", window];
  return `${digits} ${{ m: "min", d: digits === "1" ? "day" : "days" }[unit] ?? unit}`;
}

export const secs = (time) => Date.parse(time) / 1000;
export const day = (time) => time.slice(0, 10);
export const minute = (time) => time.slice(11, 16);

/** Writes a period, with the day of its beginning, and that of its end where it is another. Times are UTC. */
export function period(start, end) {
  if (day(start) !== day(end)) return `${day(start)} ${minute(start)} – ${day(end)} ${minute(end)}`;
  return minute(start) === minute(end) ? `${day(start)} ${minute(start)}` : `${day(start)} ${minute(start)}–${minute(end)}`;
}

/** The same in two lines: the days, and the times of day. */
export function periodLines(start, end) {
  if (day(start) !== day(end)) return [`${day(start)} ${minute(start)} –`, `${day(end)} ${minute(end)}`];
  return [day(start), minute(start) === minute(end) ? minute(start) : `${minute(start)}–${minute(end)}`];
}

/** Says how long ago something was. */
export function ago(time) {
  const past = Date.now() / 1000 - secs(time);
  if (past < 90) return past < -60 ? "in the future" : "just now";
  if (past < 5400) return `${Math.round(past / 60)} min ago`;
  if (past < 129600) return `${Math.round(past / 3600)} h ago`;
  return `${count(Math.round(past / 86400))} days ago`;
}

/** The last part of a canonical id. */
export const name = (id) => String(id).split(/[/:]/).filter(Boolean).at(-1) ?? String(id);

export const plain = (word) => String(word).replaceAll("_", " ");

/** Who did it: those that alerts are about. */
export function actors(incident) {
  const all = incident.entities.filter((entity) => entity.alerts > 0);
  return all.length > 0 ? all : incident.entities;
}

export const entityName = (entity) => entity.display_name ?? name(entity.id);

export function who(incident) {
  const all = actors(incident);
  if (all.length === 0) return "nobody known";
  return entityName(all[0]) + (all.length > 1 ? ` and ${noun(all.length - 1, "other", "others")}` : "");
}

/** Who created those that did it, or took the rights that they used. */
export function through(incident, alerts) {
  const found = new Map();
  const add = (words, id) => {
    const entity = incident.entities.find((one) => one.id === id) ?? { id };
    if (id) found.set(`${words} ${id}`, [words, entity]);
  };
  for (const entity of incident.entities) {
    if (entity.part === "created_by") add("created by", entity.id);
    if (entity.part === "assumed") add("rights taken by", entity.id);
    add("created by", entity.created?.by);
  }
  for (const one of alerts.flatMap((alert) => alert.assumed ?? [])) add("rights taken by", one.by);
  return [...found.values()];
}

const EXTENT = [
  ["calls", "call", "calls"],
  ["objects", "object", "objects"],
  ["buckets", "bucket", "buckets"],
  ["destinations", "destination", "destinations"],
  ["addresses", "address", "addresses"],
];

/** Writes how much something came to, in a few words. */
export function extent(of, parts = ["calls", "objects", "buckets"]) {
  const words = EXTENT.filter(([part]) => parts.includes(part) && of?.[part] > 0).map(([part, one, many]) => noun(of[part], one, many));
  if (of?.bytes_read > 0) words.push(`${bytes(of.bytes_read)} read`);
  if (of?.bytes_out > 0) words.push(`${bytes(of.bytes_out)} out`);
  return words;
}

/** Writes the first and the last of days. */
export const daySpan = (days) => (days.length > 1 ? `${days[0]} to ${days.at(-1)}` : days.join());

export const SEVERITIES = ["low", "medium", "high", "critical"];

/** Whether an incident is one that filters ask for, as the service has it. */
export function isLike(incident, { severity, since, entity }) {
  if (severity && SEVERITIES.indexOf(incident.severity) < SEVERITIES.indexOf(severity)) return false;
  if (since && incident.end < since) return false;
  if (!entity) return true;
  const wanted = entity.toLowerCase();
  return incident.entities.some((one) =>
    [one.id, one.display_name, ...(one.aliases ?? [])].some((text) => text?.toLowerCase().includes(wanted)),
  );
}

export const stages = (incident) => (incident.stages ?? []).map(plain);
