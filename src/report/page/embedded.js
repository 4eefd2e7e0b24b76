// The answers of a report: the documents of the service, in elements of the page. It has nobody to ask.

import { isLike } from "./words.js";

const element = document.getElementById("answers");
const index = element === null ? {} : JSON.parse(element.textContent);

/** Whether this page is a report, with all that it shows in it. */
export const isReport = element !== null;

/** The fewest characters that stand for the id of an incident, and ids that are named when several begin alike; as the service has them. */
const PREFIX_MIN = 6;
const NAMED_MAX = 10;

const documents = new Map();

/** Returns the document that the page has under a path, read when it is first asked for; nothing if it has none. */
function documentAt(path) {
  if (!Object.hasOwn(index, path)) return undefined;
  if (!documents.has(path)) documents.set(path, JSON.parse(document.getElementById(`answer-${index[path]}`).textContent));
  return documents.get(path);
}

/** What only a backtest knows; nothing if this page is served. */
export const overview = documentAt("/v1/backtest");
/** Whether there are labels, which say of incidents whether they are true. */
export const isLabelled = Boolean(overview?.summary.evaluation);

const has = (text, wanted) => text?.toLowerCase().includes(wanted);

/** Lists, as far as their filters and their length are concerned. */
const lists = {
  "/v1/incidents"(all, { limit = Infinity, cursor = "", label, ...filters }) {
    const like = all.incidents.filter((one) => isLike(one, filters) && (!label || String(one.label) === label));
    const from = Number(cursor || 0);
    const to = Math.min(from + limit, like.length);
    return { incidents: like.slice(from, to), next_cursor: to < like.length ? String(to) : null, left: like.length - to };
  },
  "/v1/entities"(all, { text = "", kind = "" }) {
    const wanted = text.toLowerCase();
    const like = all.entities.filter((one) => (kind === "" || one.kind === kind) && (has(one.id, wanted) || has(one.role, wanted)));
    return { ...all, matching: like.length, entities: like };
  },
};

const isNot = (status, detail, hint) => ({ problem: { status, detail, hint } });
const several = (ids) => `it could be ${ids.slice(0, NAMED_MAX).join(", ")}${ids.length > NAMED_MAX ? ", and others" : ""}`;

/** An incident by its id, by at least the first characters of it, or by that of one that became part of it. */
function incidentOf(wanted) {
  const begins = wanted.toLowerCase();
  if (begins.length < PREFIX_MIN)
    return isNot(400, `\`${wanted}\` is too short for an id`, `give at least its first ${PREFIX_MIN} characters`);
  const idsOf = (one) => [one.incident_id, ...(one.merged ?? [])];
  const like = documentAt("/v1/incidents").incidents.filter((one) => idsOf(one).some((id) => id.startsWith(begins)));
  const exact = like.find((one) => one.incident_id === begins);
  if (like.length > 1 && exact === undefined) {
    const ids = like.map((one) => one.incident_id);
    return isNot(409, `${ids.length} incidents of this report begin with \`${begins}\``, several(ids));
  }
  const incident = exact ?? like[0];
  const found = incident && documentAt(`/v1/incidents/${incident.incident_id}`);
  return found === undefined ? isNot(404, `this report has no incident that begins with \`${begins}\``) : { found: { ...found, incident } };
}

/** An entity by its id, by an alias, or by a part that only one id has. */
function entityOf(wanted) {
  const { incidents } = documentAt("/v1/incidents");
  const ofAlias = incidents.flatMap((one) => one.entities).find((one) => one.aliases?.includes(wanted))?.id;
  const known = documentAt(`/v1/entities/${wanted}`) ?? documentAt(`/v1/entities/${ofAlias}`);
  if (known !== undefined) return { found: known };
  const ids = documentAt("/v1/entities").entities.map((one) => one.id);
  const like = ids.filter((id) => has(id, wanted.toLowerCase()));
  const found = like.length === 1 ? documentAt(`/v1/entities/${like[0]}`) : undefined;
  if (found !== undefined) return { found };
  if (like.length > 1) return isNot(409, `${like.length} entities of this report have \`${wanted}\` in their ids`, several(like));
  return isNot(404, "this report does not have it");
}

/** Answers as the service would: what was found, or what the problem is. */
export function answer(path, parameters) {
  const asked = decodeURIComponent(path);
  const [, kind, wanted] = /^\/v1\/(incidents|entities)\/(.*)$/s.exec(asked) ?? [];
  if (kind === "incidents") return incidentOf(wanted);
  if (kind === "entities") return entityOf(wanted);
  const found = documentAt(asked);
  if (found === undefined) return isNot(404, "this report does not have it");
  return { found: Object.hasOwn(lists, asked) ? lists[asked](found, parameters) : found };
}
