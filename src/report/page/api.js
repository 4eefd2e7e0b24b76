// What the page asks: of the service that served it, or of the answers in a report. A token is kept for this tab alone, and only ever sent
// as a header.

import { busy, coded, h, put, say } from "./dom.js";
import { answer, isReport } from "./embedded.js";

const TOKEN = "plimsoll-token";

/** What was wrong with a request, in the words of the service. */
export class Problem extends Error {
  constructor(status, detail, hint) {
    super(detail);
    this.status = status;
    this.detail = detail;
    this.hint = hint;
  }
}

/** Asks, and returns the response if it is a success. */
export async function request(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { ...options.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit", redirect: "error" });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, "the service does not answer", "is `plimsoll serve` running, and can this machine reach it?");
  }
  if (response.ok) return response;
  // Rights may be others by now.
  if (response.status === 401 || response.status === 403) asked = null;
  let said = {};
  try {
    said = await response.json();
  } catch {
    // What is not of the service, such as the answer of a proxy, has no words for people.
  }
  throw new Problem(response.status, said.detail ?? `the answer was ${response.status}`, said.hint);
}

export const get = async (path, parameters = {}, signal = undefined) => {
  if (isReport) {
    const { found, problem } = answer(path, parameters);
    if (problem !== undefined) throw new Problem(problem.status, problem.detail, problem.hint);
    return found;
  }
  const query = new URLSearchParams(
    Object.entries(parameters).flatMap(([name, value]) =>
      [value]
        .flat()
        .filter((v) => v !== "" && v !== null && v !== undefined)
        .map((v) => [name, v]),
    ),
  );
  const response = await request(query.size > 0 ? `${path}?${query}` : path, { signal });
  return response.json();
};

export const post = async (path, document, options = {}) => {
  const body = document === undefined ? undefined : JSON.stringify(document);
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return (await request(path, { method: "POST", body, headers, ...options })).json();
};

export const remove = async (path) => (await request(path, { method: "DELETE" })).json();

/** Whether logs are taken and judged; it answers so also while they are not. */
export async function state() {
  try {
    const response = await fetch("/readyz", { cache: "no-store", credentials: "omit" });
    return await response.json();
  } catch {
    return null;
  }
}

/** Whether a token is used. */
export const hasToken = () => !isReport && sessionStorage.getItem(TOKEN) !== null;

function keepToken(token) {
  if (token === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
  asked = null;
  document.dispatchEvent(new Event("token"));
}

/** Lets another token be given. */
export function changeToken() {
  keepToken(null);
  location.reload();
}

/** The answer to what who looks may do, or the request for it; nothing while it is to be asked anew. */
let asked = null;
/** That answer. Until it is there nothing is kept back: the service decides in any case. */
let me = { token: null, rights: ["read", "write", "approve"] };

/** Asks what who looks may do, unless that is known. A view waits for it beside its answer. */
export async function learnRights() {
  if (isReport) return;
  try {
    asked ??= get("/v1/me");
    me = await asked;
  } catch (problem) {
    // The answer of the view has the same problem, and tells it.
    if (!(problem instanceof Problem)) throw problem;
  }
}

/** Whether who looks may decide: give verdicts, approve, tune, have something learnt. */
export const mayDecide = () => !isReport && me.rights.includes("approve");

const rightsWords = () => (me.rights.length > 0 ? me.rights.map((right) => `\`${right}\``).join(" and ") : "none");

/** Says why something is not offered. */
export const whyNot = (what) => `${what} needs a token with the right \`approve\`; \`${me.token}\` has only ${rightsWords()}.`;

/** Which token is used, and what it may do. */
export const tokenWords = () => me.token !== null && `The token in use is \`${me.token}\`, with ${rightsWords()}.`;

/** What stands in place of something that is not offered. */
export const notOffered = (what) =>
  h(
    "p",
    { class: "soft small" },
    coded(whyNot(what)),
    " ",
    h("button", { type: "button", class: "link", onclick: changeToken }, "Use another token"),
  );

/** The form that takes a token. */
function tokenForm(problem, again) {
  const isWrong = hasToken();
  const field = h("input", {
    id: "token",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    "aria-describedby": "token-note",
  });
  const take = (event) => {
    event.preventDefault();
    keepToken(field.value.trim());
    again();
  };
  return h(
    "form",
    { class: "notice", onsubmit: take },
    h("h2", null, "A token is needed"),
    isWrong && h("p", { class: "bad", role: "alert" }, coded(problem.detail), "."),
    h(
      "p",
      { id: "token-note" },
      "Paste the secret of a token that has the right ",
      h("code", null, "read"),
      ", and ",
      h("code", null, "approve"),
      " to give verdicts and change thresholds. It stays in this tab until you close it.",
    ),
    h("label", { for: "token" }, "Token"),
    h("div", { class: "line" }, field, h("button", { class: "main" }, "Use it")),
  );
}

/** What stands where nothing was learnt yet. */
function firstRun(begun, again) {
  const said = h("p", { role: "status" });
  const learn = async () => {
    try {
      await busy(button, "Asking for a training", () => post("/v1/generations"));
      put(said, "A training has begun. This page goes on by itself when it is done.");
    } catch (problem) {
      put(said, coded(`${problem.detail}. ${problem.hint ?? ""}`));
    }
  };
  const button = h("button", { type: "button", class: "main", onclick: learn }, "Learn what was handed over");
  const bearer = hasToken() ? '-H "Authorization: Bearer SECRET" ' : "";
  const training = begun?.training ?? {};
  const timer = setInterval(async () => {
    if (!said.isConnected) clearInterval(timer);
    else if ((await state())?.scoring.status === "judging") {
      clearInterval(timer);
      again();
    }
  }, 3000);
  return h(
    "div",
    { class: "notice" },
    h("h2", null, "Nothing was learnt yet"),
    h("p", null, "Before anything can be unusual, plimsoll has to learn what is usual. Two weeks of logs are a good start."),
    h(
      "ol",
      null,
      h(
        "li",
        null,
        "Hand over logs, in any format it reads: ",
        h("code", null, `curl ${bearer}--data-binary @events.json.gz ${location.origin}/v1/events`),
        hasToken() && [", where ", h("code", null, "SECRET"), " is that of a token with the right ", h("code", null, "write")],
      ),
      h(
        "li",
        null,
        "Have them learnt: ",
        mayDecide() && "with the button, ",
        "with ",
        h("code", null, "plimsoll train LOGS"),
        ", or every night with ",
        h("code", null, "plimsoll serve --nightly 02:00"),
        ".",
      ),
    ),
    training.status === "failed" && h("p", { class: "bad" }, "The last training failed: ", coded(training.why)),
    training.status === "running"
      ? h("p", null, "A training is running.")
      : mayDecide()
        ? button
        : notOffered("Having it learnt from here"),
    said,
  );
}

/** Shows a problem in place of what it kept from being shown. Returns whether there is something, which could not be read now. */
export async function showProblem(where, problem, again) {
  if (problem.name === "AbortError") return true;
  if (!(problem instanceof Problem)) throw problem;
  where.removeAttribute("aria-busy");
  if (problem.status === 401 || problem.status === 403) {
    put(where, tokenForm(problem, again));
    where.querySelector("#token").focus();
    return false;
  }
  // A store without a generation, or none at all.
  if ((problem.status === 404 || problem.status === 503) && !isReport) {
    const now = await state();
    if (now?.scoring.status === "waiting") {
      await learnRights();
      put(where, firstRun(now, again));
      return false;
    }
  }
  say(problem.detail);
  put(
    where,
    h(
      "div",
      { class: "notice" },
      h("h2", null, problem.status === 404 ? "There is no such thing" : "That did not work"),
      h("p", null, coded(problem.detail)),
      problem.hint && h("p", { class: "soft" }, coded(problem.hint)),
      !isReport && h("button", { type: "button", onclick: () => again() }, "Try again"),
    ),
  );
  return true;
}
