// The list of incidents, the newest first. What is told while somebody reads waits behind a button, so that nothing moves under a hand.

import { get, learnRights, showProblem } from "./api.js";
import { approvedTag } from "./approve.js";
import { h, put, s, say } from "./dom.js";
import { isLabelled, isReport, overview } from "./embedded.js";
import { listen } from "./live.js";
import { forget, give, verdictOf, verdictWords } from "./verdict.js";
import { SEVERITIES, ago, count, daySpan, extent, isLike, noun, periodLines, stages, who } from "./words.js";

const PAGE = 100;

/** A severity as a word with as many bars as it weighs. */
export function severity(word) {
  const level = SEVERITIES.indexOf(word) + 1;
  const bars = [1, 2, 3, 4].map((n) =>
    s("rect", { x: 5 * n - 5, y: 12 - 3 * n, width: 3, height: 3 * n, class: n <= level ? "on" : "off" }),
  );
  return h(
    "span",
    { class: `severity ${SEVERITIES.includes(word) ? word : ""}` },
    s("svg", { viewBox: "0 0 18 12", width: 18, height: 12, "aria-hidden": "true" }, bars),
    h("span", null, word),
  );
}

export const href = (id) => `#/incidents/${encodeURIComponent(id)}`;

/** The words under a title: who, what stages, how much. */
function details(incident) {
  const parts = [who(incident), stages(incident).join(" → "), extent(incident.extent).join(", ")];
  return parts.filter(Boolean).map((part) => h("span", null, part));
}

/** What labels say of something, where there are any. */
export const labelMark = (label) =>
  label !== undefined && h("div", { class: `said ${label}`, title: "what the labels say" }, String(label));

/** A row for an incident. */
export function row(incident) {
  const item = h("li", { class: "incident", "data-id": incident.incident_id });
  update(item, incident);
  return item;
}

function update(item, incident) {
  const verdict = verdictOf(incident);
  item.style.height = "";
  item.classList.toggle("decided", verdict !== null && verdict.open === 0);
  const notes = [
    joined.has(incident.incident_id) && "now part of another",
    approvedTag(incident) ?? (incident.suppressed && "approved"),
    incident.provisional && "provisional",
    incident.status !== "closed" && "going on",
  ];
  put(
    item,
    h("div", { class: "grade" }, severity(incident.severity)),
    h(
      "div",
      { class: "what" },
      h("a", { class: "title", href: href(incident.incident_id) }, incident.title),
      h(
        "p",
        { class: "details" },
        details(incident),
        notes.filter(Boolean).map((note) => (note instanceof Node ? note : h("span", { class: "tag" }, note))),
      ),
    ),
    h(
      "div",
      { class: "when" },
      h(
        "time",
        { datetime: incident.start, title: `${incident.start} to ${incident.end}${isReport ? "" : `; ended ${ago(incident.end)}`}` },
        periodLines(incident.start, incident.end).map((line) => h("span", null, line)),
      ),
    ),
    isReport
      ? labelMark(incident.label)
      : h("div", { class: `said ${verdict === null ? "open" : String(verdict.said)}` }, verdictWords(incident)),
  );
}

const heightOf = (element) => element.getBoundingClientRect().height;

/** Updates a row that stays as high as it is, so that those below it do not move: what has no room is cut off for now. */
function updateInPlace(item, incident) {
  const parts = [".title", ".details"];
  const heights = parts.map((part) => heightOf(item.querySelector(part)));
  const height = heightOf(item);
  update(item, incident);
  if (heightOf(item) === height) return;
  parts.forEach((part, at) => {
    const element = item.querySelector(part);
    if (heightOf(element) > heights[at]) element.style.maxHeight = `${heights[at]}px`;
  });
  item.style.height = `${height}px`;
}

/** Gives each row the room that it needs. */
function giveRoom() {
  for (const element of list.children) if (element.style.height !== "") update(element, known.get(element.dataset.id));
}

const list = h("ol", { class: isReport && !isLabelled ? "incidents unlabelled" : "incidents" });
const more = h("button", { type: "button", onclick: () => load(true), hidden: true }, "Show older ones");
const news = h("button", { type: "button", class: "news-button", onclick: take, hidden: true });
/** It takes no room, so that nothing moves when it comes. */
const float = h("div", { class: "float" }, news);
const total = h("p", { class: "soft", role: "status" });
const empty = h("div", { class: "notice", hidden: true });
const place = h("div", null, float, list, empty, h("div", { class: "line foot" }, more, total));
const page = h("div", { class: "view" });

/** By id, in the order of the list; and those that wait to be put into it. */
const known = new Map();
const waiting = new Map();
/** Those that became part of another one. Their rows stay until nobody is held up when they go. */
const joined = new Set();
let cursor = null;
let filters = {};
let left = 0;
let scrolled = 0;
let current = null;
let isLoaded = false;
let loading = null;

const byEnd = (a, b) => b.end.localeCompare(a.end) || b.start.localeCompare(a.start) || a.incident_id.localeCompare(b.incident_id);

function has(incident) {
  if (incident.suppressed) return false;
  const verdict = verdictOf(incident);
  if (filters.open && verdict !== null && verdict.open === 0) return false;
  return isLike(incident, filters);
}

const item = (id) => list.querySelector(`[data-id="${CSS.escape(id)}"]`);

function sync() {
  more.hidden = cursor === null;
  const isNone = isLoaded && known.size === 0;
  empty.hidden = !isNone;
  list.hidden = isNone;
  if (isNone) {
    const isFiltered = Object.values(filters).some(Boolean);
    put(
      empty,
      h("h2", null, isFiltered ? "No incident is like that" : "No incidents"),
      h(
        "p",
        null,
        isFiltered
          ? "Widen the filters to see more."
          : isReport
            ? "Nothing was unusual enough. Coverage says what plimsoll could see."
            : "What is unusual from now on appears here by itself. Coverage says what plimsoll can see.",
      ),
      isFiltered ? h("a", { href: "#/incidents" }, "Clear the filters") : h("a", { href: "#/coverage" }, "Coverage"),
    );
  }
  put(total, known.size > 0 ? `${count(known.size)} shown${left > 0 ? `, ${count(left)} older` : ""}. Times are UTC.` : "");
  news.hidden = waiting.size === 0;
  put(news, waiting.size > 0 ? `Show ${noun(waiting.size, "new incident", "new incidents")}` : "");
  const badge = document.getElementById("news");
  badge.hidden = waiting.size === 0;
  put(badge, waiting.size > 0 ? [count(waiting.size), h("span", { class: "unseen" }, " new")] : "");
  document.dispatchEvent(new Event("news"));
}

export const newsCount = () => waiting.size;

/** Whether a row may be put above the others without moving what somebody looks at or aims at. */
const isAtRest = () => page.isConnected && !document.hidden && scrollY < 40 && current === null && !list.matches(":hover, :focus-within");

/** Puts those that wait into the list. */
function take() {
  const isAsked = document.activeElement === news;
  const all = [...waiting.values()].sort(byEnd);
  waiting.clear();
  for (const id of joined) {
    known.delete(id);
    item(id)?.remove();
  }
  joined.clear();
  giveRoom();
  for (const incident of all) insert(incident);
  sync();
  if (isAsked) {
    scrollTo({ top: 0 });
    select(list.firstElementChild);
  }
}

function insert(incident) {
  const next = [...known.values()].find((other) => byEnd(incident, other) < 0);
  const fresh = row(incident);
  fresh.classList.add("fresh");
  list.insertBefore(fresh, next === undefined ? null : item(next.incident_id));
  const entries = [...known.values(), incident].sort(byEnd);
  known.clear();
  for (const entry of entries) known.set(entry.incident_id, entry);
}

/** Takes an incident as it is now. */
function told(incident) {
  forget(incident.incident_id);
  for (const merged of incident.merged ?? []) {
    waiting.delete(merged);
    if (!known.has(merged)) continue;
    joined.add(merged);
    updateInPlace(item(merged), known.get(merged));
  }
  if (known.has(incident.incident_id)) {
    known.set(incident.incident_id, incident);
    const element = item(incident.incident_id);
    const isFocused = element.contains(document.activeElement);
    if (isAtRest()) update(element, incident);
    else updateInPlace(element, incident);
    if (isFocused) element.querySelector("a").focus({ preventScroll: true });
    return;
  }
  if (!isLoaded || !has(incident)) return;
  if (!waiting.has(incident.incident_id)) say(`New incident, ${incident.severity}: ${incident.title}`);
  waiting.set(incident.incident_id, incident);
}

let settles = null;

/** Shows what was told within a moment at once. */
function settle() {
  settles ??= setTimeout(() => {
    settles = null;
    if (waiting.size + joined.size > 0 && isAtRest()) take();
    else sync();
  }, 250);
}

listen((kind, incident) => {
  if (kind === "incident") {
    told(incident);
    settle();
  } else if (kind === "reload" && isLoaded) refresh();
});

/** Reads the first page anew, and takes what is new or changed. */
async function refresh() {
  try {
    const found = await get("/v1/incidents", { ...filters, limit: PAGE });
    const oldest = [...known.values()].at(-1);
    for (const incident of found.incidents) {
      if (known.size === 0 || known.has(incident.incident_id) || oldest === undefined || byEnd(incident, oldest) < 0) told(incident);
    }
    settle();
  } catch {
    // The stream will end as well, and this is done again when it goes on.
  }
}

async function load(isMore = false) {
  loading?.abort();
  loading = new AbortController();
  const { signal } = loading;
  if (!isMore) {
    known.clear();
    waiting.clear();
    joined.clear();
    list.replaceChildren();
    [cursor, left, isLoaded] = [null, 0, false];
    empty.hidden = true;
    put(total, "Loading…");
  }
  place.setAttribute("aria-busy", "true");
  try {
    const [found] = await Promise.all([
      get("/v1/incidents", { ...filters, limit: PAGE, cursor: isMore ? cursor : "" }, signal),
      learnRights(),
    ]);
    form.hidden = false;
    if (place.firstChild !== float) put(place, float, list, empty, h("div", { class: "line foot" }, more, total));
    const first = found.incidents.find((incident) => !known.has(incident.incident_id));
    for (const incident of found.incidents) {
      if (known.has(incident.incident_id)) continue;
      known.set(incident.incident_id, incident);
      list.append(row(incident));
    }
    [cursor, left, isLoaded] = [found.next_cursor, found.left, true];
    sync();
    if (isMore && first !== undefined) select(item(first.incident_id));
  } catch (problem) {
    form.hidden = !(await showProblem(place, problem, () => load()));
  }
  place.removeAttribute("aria-busy");
}

function select(element) {
  if (element === null || element === undefined) return;
  list.querySelector(".current")?.classList.remove("current");
  element.classList.add("current");
  current = element.dataset.id;
  element.querySelector("a").focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}

list.addEventListener("focusin", (event) => {
  const element = event.target.closest("li");
  if (element !== null && element.dataset.id !== current) select(element);
});

/** Shows what was decided of an incident. */
function decided({ detail: id }) {
  const incident = known.get(id);
  const element = item(id);
  if (incident === undefined || element === null) return;
  const isFocused = element.contains(document.activeElement);
  update(element, incident);
  if (isFocused) element.querySelector("a").focus({ preventScroll: true });
}

for (const kind of ["verdict", "approved"]) document.addEventListener(kind, decided);

/** Returns the incident before or after another one in the list, as far as it is loaded. */
export function neighbour(id, step) {
  const row = item(id);
  return (step > 0 ? row?.nextElementSibling : row?.previousElementSibling)?.dataset.id;
}

/** Remembers which incident was read last, so that the list comes back there. */
export function remember(id) {
  if (known.has(id)) current = id;
}

const fields = {
  severity: h(
    "select",
    { id: "severity" },
    h("option", { value: "" }, "any"),
    SEVERITIES.slice(1).map((word) => h("option", { value: word }, word === "critical" ? word : `${word} and above`)),
  ),
  entity: h("input", { id: "entity", type: "search", placeholder: "name, id or alias", autocomplete: "off", spellcheck: "false" }),
  since: h("input", { id: "since", type: "date" }),
  open: h("input", { id: "open", type: "checkbox" }),
  label: h(
    "select",
    { id: "label" },
    h("option", { value: "" }, "any"),
    ["true", "false"].map((word) => h("option", { value: word }, word)),
  ),
};
/** The filters that an address may have. A report has labels in place of verdicts. */
const FILTERS = ["severity", "entity", "since", ...(isReport ? (isLabelled ? ["label"] : []) : ["open"])];

function chosen() {
  const values = {
    severity: fields.severity.value,
    entity: fields.entity.value.trim(),
    since: fields.since.value,
    label: fields.label.value,
    open: fields.open.checked ? "true" : "",
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
}

function filter() {
  const query = new URLSearchParams(chosen());
  location.replace(query.size > 0 ? `#/incidents?${query}` : "#/incidents");
}

const form = h(
  "form",
  {
    class: "filters",
    role: "search",
    "aria-label": "Filter incidents",
    onsubmit: (event) => {
      event.preventDefault();
      filter();
    },
  },
  h("div", null, h("label", { for: "entity" }, "Who"), fields.entity),
  h("div", null, h("label", { for: "severity" }, "Severity"), fields.severity),
  h("div", null, h("label", { for: "since" }, "Since"), fields.since),
  isLabelled && h("div", null, h("label", { for: "label" }, "Labels say"), fields.label),
  !isReport && h("div", { class: "check" }, fields.open, h("label", { for: "open" }, "Only open")),
);

let typing = null;
fields.entity.addEventListener("input", () => {
  clearTimeout(typing);
  // Who has gone on meanwhile is not taken back.
  typing = setTimeout(() => page.isConnected && filter(), 400);
});
for (const field of [fields.severity, fields.since, fields.open, fields.label]) field.addEventListener("change", filter);

/** Says of what a report is, and what it has no room for. */
function about({ summary, incidents: told, left_out: leftOut }) {
  const { evaluation } = summary;
  const known = evaluation && `; the labels call ${count(evaluation.true_incidents)} true and ${count(evaluation.false_incidents)} false`;
  return [
    h(
      "p",
      { class: "soft" },
      h("a", { href: "#/backtest" }, "Backtest"),
      ` of ${daySpan(summary.per_day.map((one) => one.day))}: ${noun(told, "incident", "incidents")}, ${(told / Math.max(1, summary.days_judged)).toFixed(1)} a day${known ?? ""}.`,
    ),
    leftOut.incidents > 0 &&
      h(
        "p",
        { class: "notice warn" },
        `${noun(leftOut.incidents, "incident", "incidents")} of less weight found no room in this file. All of them are in `,
        h("code", null, "incidents.jsonl"),
        ", and their alerts in ",
        h("code", null, "alerts.jsonl"),
        ".",
      ),
  ];
}

put(page, h("h1", { tabindex: "-1" }, "Incidents"), overview && about(overview), form, place);

/** The view. */
export const incidents = {
  title: "Incidents",
  show(main, { query }) {
    if (main.firstElementChild !== page) put(main, page);
    const wanted = Object.fromEntries(FILTERS.map((part) => [part, query.get(part)]).filter(([, value]) => value));
    const isSame = isLoaded && JSON.stringify(wanted) === JSON.stringify(filters);
    filters = wanted;
    for (const part of ["severity", "entity", "since", "label"]) {
      if (fields[part] !== document.activeElement) fields[part].value = wanted[part] ?? "";
    }
    fields.open.checked = wanted.open === "true";
    if (!isSame) {
      current = null;
      load();
      return document.activeElement === fields.entity ? "kept" : "top";
    }
    giveRoom();
    sync();
    scrollTo({ top: scrolled });
    if (current !== null) select(item(current));
    return "kept";
  },
  leave() {
    scrolled = scrollY;
  },
  key(key) {
    const at = current === null ? null : item(current);
    if (key === "j") select(at === null ? list.firstElementChild : (at.nextElementSibling ?? at));
    else if (key === "k") select(at === null ? list.firstElementChild : (at.previousElementSibling ?? at));
    else if (key === "Enter" && at !== null && [document.body, page.parentElement].includes(document.activeElement))
      location.hash = href(current);
    else if (key === "/") fields.entity.focus();
    else if ((key === "t" || key === "f") && !isReport && at !== null && known.has(current)) give(known.get(current), key === "t");
    else if (key === "n" && waiting.size > 0) {
      news.focus();
      take();
    } else return false;
    return true;
  },
};

/** A short list of the incidents of an entity. */
export const shortList = (all) => h("ol", { class: list.className }, all.map(row));
