// Verdicts. One is sent a few seconds after it was given, so that it can be taken back: a store keeps what it was told.

import { Problem, mayDecide, notOffered, post, whyNot } from "./api.js";
import { coded, h, put, say } from "./dom.js";

const UNDO_SECS = 8;
const given = new Map();
let waiting = null;

/** What was said of an incident, by this page or before. */
export function verdictOf(incident) {
  const here = given.get(incident.incident_id);
  if (here !== undefined) return { said: here.value, isSent: here.isSent, open: 0 };
  const { verdict } = incident;
  return verdict ? { said: verdict.verdict, isSent: true, open: verdict.open, alerts: verdict.alerts } : null;
}

/** What was said of an incident, in a word. */
export function verdictWords(incident) {
  const verdict = verdictOf(incident);
  if (verdict === null) return "open";
  const word = verdict.said ? "true" : "false";
  return verdict.open > 0 ? `${word}, ${verdict.open} open` : word;
}

/** What an incident that came anew says counts, and no longer what was given here, once that was sent. */
export function forget(id) {
  if (given.get(id)?.isSent) given.delete(id);
}

const changed = (id) => document.dispatchEvent(new CustomEvent("verdict", { detail: id }));

/** Tells something at the edge of the page for a while. */
export function toast(text, secs, ...actions) {
  const toast = h("div", { class: "toast" }, h("span", null, coded(text)), actions);
  document.getElementById("toasts").append(toast);
  const timer = setTimeout(() => toast.remove(), 1000 * secs);
  return () => {
    clearTimeout(timer);
    toast.remove();
  };
}

let refusal = null;

/** Says why a key does nothing. */
export function refuse(what) {
  refusal?.();
  refusal = toast(whyNot(what), 6);
  say(whyNot(what).replaceAll("`", ""));
}

/** Gives a verdict. It can be taken back until it is sent. */
export function give(incident, value, note = "") {
  if (!mayDecide()) {
    refuse("A verdict");
    return;
  }
  send();
  const id = incident.incident_id;
  const before = given.get(id);
  given.set(id, { value, isSent: false });
  const words = value ? "True: it needs a response" : "False: it is no threat";
  const button = h("button", { type: "button", onclick: undo }, "Undo (u)");
  const gone = toast(`${words}. `, UNDO_SECS + 1, button);
  waiting = { id, value, note, before, gone, timer: setTimeout(send, 1000 * UNDO_SECS) };
  say(`Verdict ${value}. Press u within ${UNDO_SECS} seconds to take it back.`);
  changed(id);
}

/** Takes back the verdict that was not sent yet; returns whether there was one. */
export function undo() {
  if (waiting === null) return false;
  const { id, before, gone, timer } = waiting;
  clearTimeout(timer);
  gone();
  waiting = null;
  if (before === undefined) given.delete(id);
  else given.set(id, before);
  say("The verdict was taken back.");
  changed(id);
  return true;
}

/** Sends the verdict that waits. */
async function send(options = {}) {
  if (waiting === null) return;
  const { id, value, note, before, gone, timer } = waiting;
  clearTimeout(timer);
  gone();
  waiting = null;
  try {
    await post(`/v1/incidents/${encodeURIComponent(id)}/verdict`, note === "" ? { verdict: value } : { verdict: value, note }, options);
    given.set(id, { value, isSent: true });
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (before === undefined) given.delete(id);
    else given.set(id, before);
    const why = `The verdict was not stored: ${problem.detail}. ${problem.hint ?? ""}`;
    toast(why, 20);
    say(why);
  }
  changed(id);
}

addEventListener("pagehide", () => send({ keepalive: true }));

/** The buttons that give a verdict on an incident, and the note that goes with it. */
export function verdictForm(incident) {
  const note = h("input", { id: "note", type: "text", maxlength: "500", placeholder: "for the next reader", autocomplete: "off" });
  const buttons = [true, false].map((value) =>
    h(
      "button",
      { type: "button", onclick: () => give(incident, value, note.value.trim()) },
      value ? "True" : "False",
      h("kbd", null, value ? "t" : "f"),
    ),
  );
  const said = h("p", { class: "soft" });
  const form = h(
    "div",
    { class: "verdict" },
    h("h2", null, "Verdict"),
    said,
    mayDecide()
      ? [h("div", { class: "line" }, buttons), h("label", { for: "note" }, "Note"), note]
      : notOffered(verdictOf(incident) === null ? "A verdict" : "Another verdict"),
  );
  const show = () => {
    const verdict = verdictOf(incident);
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(verdict !== null && verdict.said === (at === 0))));
    const stored = incident.verdict?.note;
    if (verdict === null && !mayDecide()) put(said, "Open: nobody has given one.");
    else if (verdict === null) put(said, "Open. True is left out of what is learnt, so that it alerts again. False only counts.");
    else
      put(
        said,
        `${verdict.said ? "True" : "False"}${verdict.isSent ? "" : ", not sent yet"}${verdict.open > 0 ? `; ${verdict.open} of ${incident.alerts.length} alerts are open` : ""}.`,
        stored ? ` “${stored}”` : "",
      );
  };
  show();
  form.update = show;
  form.note = note;
  return form;
}
