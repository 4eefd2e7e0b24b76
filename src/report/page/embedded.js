// The answers of a report: the documents of the service, in elements of the page. It has nobody to ask.

import { isLike } from "./words.js";

const element = document.getElementById("answers");
const index = element === null ? {} : JSON.parse(element.textContent);

/** Whether this page is a report, with all that it shows in it. */
export const isReport = element !== null;

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

/** Answers as the service would; nothing if the report does not have it. */
export function answer(path, parameters) {
  const asked = decodeURIComponent(path);
  const found = documentAt(asked);
  if (found === undefined) return undefined;
  if (Object.hasOwn(lists, asked)) return lists[asked](found, parameters);
  const incident = /^\/v1\/incidents\/(.*)$/s.exec(asked);
  if (incident === null) return found;
  return { ...found, incident: documentAt("/v1/incidents").incidents.find((one) => one.incident_id === incident[1]) };
}
