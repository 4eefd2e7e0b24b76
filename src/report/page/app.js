// The frame of the page: which view is shown, what the keys do, and whether the service judges.

import { changeToken, hasToken, mayDecide, state, tokenWords } from "./api.js";
import { approvals } from "./approvals.js";
import { backtest } from "./backtest.js";
import { coverage } from "./coverage.js";
import { ask, coded, h, put } from "./dom.js";
import { isReport } from "./embedded.js";
import { entities, entity } from "./entities.js";
import { incidents, newsCount } from "./incidents.js";
import { begin, listen, liveStatus } from "./live.js";
import { story } from "./story.js";
import { tuning } from "./tuning.js";
import { undo } from "./verdict.js";
import { bytes } from "./words.js";

const STATE_EVERY_SECS = 15;
const KEYS_OFF = "plimsoll-keys-off";
const main = document.getElementById("main");
/** What the page is called, whatever it shows: a report has the days that it is of. */
const called = document.title;
const ROUTES = {
  ...(isReport ? { backtest: [backtest] } : {}),
  incidents: [incidents, story],
  entities: [entities, entity],
  coverage: [coverage],
  tuning: [tuning],
  approvals: [approvals],
};

let shown = null;
let leaving = null;

function route() {
  const [path, query = ""] = (location.hash.slice(1) || "/incidents").split("?");
  const [, name = "incidents", ...rest] = path.split("/");
  let id;
  try {
    id = rest.length > 0 ? decodeURIComponent(rest.join("/")) : undefined;
  } catch {
    id = rest.join("/");
  }
  const views = ROUTES[name] ?? ROUTES.incidents;
  return { name: ROUTES[name] ? name : "incidents", view: (id && views[1]) || views[0], id, query: new URLSearchParams(query) };
}

function show() {
  const isFirst = shown === null;
  const next = route();
  shown?.view.leave?.();
  leaving?.abort();
  leaving = new AbortController();
  shown = next;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === next.name) link.setAttribute("aria-current", next.id ? "true" : "page");
    else link.removeAttribute("aria-current");
  }
  const place = next.view.show(main, { ...next, signal: leaving.signal });
  if (place !== "kept") {
    scrollTo({ top: 0 });
    if (!isFirst) (main.querySelector("h1") ?? main).focus({ preventScroll: true });
  }
  name();
}

function name() {
  const news = newsCount();
  const title = main.querySelector("h1")?.textContent || shown?.view.title || "";
  document.title = `${news > 0 ? `(${news}) ` : ""}${title} – ${called}`;
}

const lasting = { status: h("span"), live: h("span") };

async function look() {
  const now = await state();
  const banner = document.getElementById("banner");
  const words = { judging: "judging", waiting: "nothing learnt yet", failed: "not judging" };
  const scoring = now?.scoring;
  const behind = scoring?.behind_bytes > 1e6 ? `, ${bytes(scoring.behind_bytes)} behind` : "";
  lasting.status.className = scoring?.status ?? "failed";
  put(lasting.status, now === null ? "no answer" : (words[scoring.status] ?? scoring.status) + behind);
  const faults = [
    scoring?.status === "failed" && `Logs are not judged: ${scoring.why}`,
    now?.training.status === "failed" && `The last training failed: ${now.training.why}`,
    now === null && "The service does not answer. What is shown may be old.",
  ].filter(Boolean);
  const text = faults.join("\n");
  if (banner.dataset.text !== text) {
    banner.dataset.text = text;
    put(
      banner,
      faults.map((fault) => h("p", { role: "alert" }, coded(fault))),
    );
  }
}

function showLive() {
  const words = { live: "live", waiting: "connecting again", off: "paused" };
  lasting.live.className = liveStatus();
  put(lasting.live, words[liveStatus()]);
}

/** Whether single keys do something. Where a browser keeps nothing for a page, they do. */
function areKeysOn() {
  try {
    return localStorage.getItem(KEYS_OFF) === null;
  } catch {
    return true;
  }
}

async function help() {
  const keys = [
    ["j, k", "next, previous incident"],
    ["Enter", "open it"],
    ["Escape", "back to the list"],
    mayDecide() && ["t, f", "verdict true, false"],
    mayDecide() && ["u", "take the verdict back"],
    mayDecide() && ["a", "approve what the incident is about"],
    !isReport && ["n", "show new incidents"],
    ["/", "filter"],
    ["?", "this help"],
  ].filter(Boolean);
  const off = h("input", { type: "checkbox", id: "keys-on" });
  off.checked = areKeysOn();
  off.addEventListener("change", () => (off.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")));
  const answer = await ask(
    "Keyboard",
    [
      h(
        "dl",
        { class: "keys" },
        keys.map(([key, meaning]) =>
          h(
            "div",
            null,
            h(
              "dt",
              null,
              key.split(", ").map((one) => h("kbd", null, one)),
            ),
            h("dd", null, meaning),
          ),
        ),
      ),
      h("p", { class: "line" }, off, h("label", { for: "keys-on" }, "Single keys are on")),
      hasToken() && h("p", { class: "soft" }, coded(tokenWords() || "")),
      h(
        "p",
        { class: "soft" },
        mayDecide() && "A verdict is sent after a few seconds; until then it can be taken back. ",
        "Times are UTC.",
      ),
    ],
    [...(hasToken() ? [["token", "Use another token", ""]] : []), ["", "Close", "main"]],
  );
  if (answer === "token") changeToken();
}

document.getElementById("help").addEventListener("click", help);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  const { target, key } = event;
  if (target.matches("input:not([type=checkbox]), select, textarea")) {
    if (key === "Escape") target.blur();
    return;
  }
  if (!areKeysOn() && key.length === 1) return;
  if (key === "?") help();
  else if (key === "u" && !isReport) {
    if (!undo()) return;
  } else if (!shown.view.key?.(key, shown)) return;
  event.preventDefault();
});

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

addEventListener("hashchange", show);
document.addEventListener("news", name);
document.addEventListener("titled", name);

/** Follows what the service does. A report has none. */
function follow() {
  put(document.getElementById("state"), lasting.live, lasting.status);
  document.addEventListener("token", look);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  listen((kind) => kind === "status" && showLive());
  setInterval(() => document.hidden || look(), 1000 * STATE_EVERY_SECS);
  showLive();
  look();
  begin();
}

if (isReport) {
  const link = h("a", { href: "#/backtest", "data-view": "backtest" }, "Backtest");
  document.querySelector("nav ul").prepend(h("li", null, link));
  document.getElementById("state").remove();
}
show();
if (!isReport) follow();
