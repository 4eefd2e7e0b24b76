// The form that writes an approval. What it would have hidden is shown before it can be written.

import { Problem, post } from "./api.js";
import { busy, coded, h, id, put, say } from "./dom.js";
import { toast } from "./verdict.js";
import { ago, noun } from "./words.js";

const LASTS_DAYS = 90;
const LISTED = 5;
const OWNER = "plimsoll-owner";

/** The criteria, with a word and an example for each; several patterns stand between commas. */
const CRITERIA = [
  ["identity", "Identity", "arn:aws:iam::*:role/backup"],
  ["role", "Role", "arn:aws:iam::*:role/*-audit"],
  ["bucket", "Buckets", "payroll-*, aws:ledger"],
  ["destination", "Destinations", "partner.example.com"],
  ["network", "Networks", "203.0.113.0/24"],
  ["user_agent", "Clients", "rclone"],
  ["application", "Applications", "Backup Manager"],
  ["times", "Times, UTC", "02:00-03:30"],
  ["weekdays", "Weekdays, UTC", "friday"],
  ["days_of_month", "Days of the month, UTC", "-3:-1"],
];
const FIRST = ["identity", "role"];

/** What was approved on this page: by incident, the approval. The incident itself stays as it was told. */
const given = new Map();

/** Says that an incident was approved here; nothing if it was not. */
export function approvedWords(incident) {
  const approval = given.get(incident.incident_id);
  if (approval === undefined) return null;
  return `Approved by ${approval.owner} until ${approval.expires} (${ago(approval.at)}; holds for what comes)`;
}

/** The same, as a mark that leads to the approvals. */
export function approvedTag(incident) {
  const words = approvedWords(incident);
  return words === null ? null : h("a", { class: "tag", href: "#/approvals" }, `a${words.slice(1)}`);
}

const changed = (incident) => document.dispatchEvent(new CustomEvent("approved", { detail: incident }));

/** Takes back that anything was approved by an approval that is removed. */
export function forgetApproval(id) {
  for (const [incident, approval] of given) {
    if (approval.id !== id) continue;
    given.delete(incident);
    changed(incident);
  }
}

const inDays = (days) => new Date(Date.now() + 86400000 * days).toISOString().slice(0, 10);
const patterns = (text) =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);

function field(name, words, properties, note) {
  const input = h("input", { id: `approve-${name}`, name, autocomplete: "off", spellcheck: "false", ...properties });
  return h("div", null, h("label", { for: `approve-${name}` }, words), input, note && h("p", { class: "soft small" }, note));
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;

/** What the approval would have hidden, and what makes it risky. */
function outcome(answer) {
  const would = answer.would_have_hidden;
  const possibly = (n) => (n > 0 ? ` and possibly ${n} more` : "");
  const isUnsure = would.alerts_possibly + would.stored_days_possibly > 0;
  const warnings = answer.warnings ?? [];
  return h(
    "div",
    { class: "flow" },
    warnings.length > 0 &&
      h(
        "div",
        { class: "notice warn", role: "alert" },
        h("h3", null, warnings.length === 1 ? "Warning" : "Warnings"),
        warnings.map((warning) => h("p", null, coded(sentence(warning)))),
      ),
    h(
      "pre",
      { tabindex: "0", role: "region", "aria-label": "The approval, as it would be written" },
      answer.table
        .trim()
        .split("\n")
        .map((line) => h("div", null, line)),
    ),
    h(
      "p",
      null,
      h("b", null, `It would have hidden ${noun(would.alerts, "alert", "alerts")}${possibly(would.alerts_possibly)}`),
      would.is_provisional
        ? "."
        : ` that ${would.alerts === 1 ? "was" : "were"} told, and ${noun(would.stored_days, "stored day", "stored days")}${possibly(would.stored_days_possibly)} without an alert.`,
    ),
    would.newest.length > 0 &&
      h(
        "ul",
        { class: "plain small" },
        would.newest
          .slice(0, LISTED)
          .map((one) => h("li", null, `${one.day} ${one.analytic} `, id(one.entity), one.is_sure ? "" : " (possibly)")),
        would.newest.length > LISTED && h("li", { class: "soft" }, `and ${noun(would.newest.length - LISTED, "other", "others")}`),
      ),
    isUnsure &&
      h(
        "p",
        { class: "soft small" },
        "Possibly: the single events of these are not looked at again, and what is stored of them does not decide it.",
      ),
    would.alerts > 0 && h("p", { class: "soft small" }, "Alerts that were told stay as they are; it holds for those to come."),
  );
}

/** Opens the form, for what an incident is about or for anything; returns whether an approval was written. */
export function approve(incident = null) {
  const criteria = CRITERIA.map(([name, words, example]) => [
    name,
    field(name, words, { type: "text", placeholder: incident !== null && FIRST.includes(name) ? "that of the incident" : example }),
  ]);
  const [who, what] = [true, false].map((isFirst) =>
    criteria.filter(([name]) => FIRST.includes(name) === isFirst).map(([, element]) => element),
  );
  const said = h("div", { role: "status" });
  const doing = h("p", { class: "soft small", role: "status" });
  const write = h("button", { type: "button", class: "main", disabled: true }, "Approve");
  const show = h("button", null, "Show what it would hide");
  const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const fields = h(
    "div",
    { class: "scroll" },
    h("h2", null, incident === null ? "Approve work that is known" : "Approve what this incident is about"),
    h("p", { class: "soft" }, "Its alerts are scored and stored, and not told, until a day. What is left empty may be anything."),
    incident !== null && h("p", { class: "soft small" }, "Identity and analytics are taken from the incident where they are not given."),
    incident === null && h("div", { class: "halves" }, who),
    h(
      "details",
      { open: incident === null },
      h("summary", null, "Narrow it"),
      h("div", { class: "fields" }, incident === null ? what : [who, what]),
    ),
    field("analytics", "Analytics", { type: "text", placeholder: incident === null ? "all" : "those of the incident" }),
    field("owner", "Owner", {
      type: "text",
      required: true,
      autofocus: incident !== null,
      value: localStorage.getItem(OWNER) ?? "",
      placeholder: "who answers for it",
    }),
    field("reason", "Reason", { type: "text", required: true, placeholder: "why this is no threat" }),
    field("expires", "Last day", { type: "date", required: true, min: inDays(0), value: inDays(LASTS_DAYS) }),
    said,
  );
  const form = h("form", { class: "approve" }, fields, h("div", { class: "buttons" }, doing, cancel, show, write));
  const dialog = h("dialog", { "aria-label": "Approve" }, form);
  const value = (name) => form.elements[name].value.trim();

  const ask = (isDryRun) => {
    const given = CRITERIA.map(([name]) => [name, patterns(value(name))]).filter(([, texts]) => texts.length > 0);
    return post("/v1/approvals", {
      ...(incident === null ? {} : { from: incident.incident_id }),
      criteria: Object.fromEntries(given),
      ...(value("analytics") === "" ? {} : { analytics: patterns(value("analytics")) }),
      owner: value("owner"),
      reason: value("reason"),
      expires: value("expires"),
      dry_run: isDryRun,
    });
  };
  const refuse = (problem) => {
    if (!(problem instanceof Problem)) throw problem;
    put(said, h("p", { class: "bad" }, coded(`${problem.detail}. ${problem.hint ?? ""}`)));
  };
  // What was changed meanwhile is not what is shown.
  let asked = 0;
  let isWriting = false;
  form.addEventListener("input", () => {
    asked += 1;
    write.disabled = true;
    put(said);
  });
  const during = (button, words, work) => busy(button, words, work, (text) => put(doing, text)).finally(() => put(doing));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (show.disabled || isWriting) return;
    asked += 1;
    const mine = asked;
    write.disabled = true;
    try {
      const answer = await during(show, "Looking at what is stored", () => ask(true));
      if (mine !== asked) return;
      put(said, outcome(answer));
      write.disabled = false;
      said.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      refuse(problem);
    }
  });
  write.addEventListener("click", async () => {
    isWriting = true;
    fields.inert = true;
    cancel.disabled = true;
    show.disabled = true;
    try {
      const [owner, expires] = [value("owner"), value("expires")];
      const answer = await during(write, "Writing it, until it holds", () => ask(false));
      localStorage.setItem(OWNER, owner);
      dialog.close(answer.id);
      const words = `Approved until ${expires}, as ${answer.id}.`;
      toast(words, 8, h("a", { href: "#/approvals" }, "Approvals"));
      say(words);
      if (incident === null) return;
      given.set(incident.incident_id, { id: answer.id, owner, expires, at: new Date().toISOString() });
      changed(incident.incident_id);
    } catch (problem) {
      refuse(problem);
      write.disabled = true;
    } finally {
      isWriting = false;
      fields.inert = false;
      cancel.disabled = false;
      show.disabled = false;
    }
  });
  // What is being written cannot be called off any more.
  dialog.addEventListener("cancel", (event) => isWriting && event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue !== "");
    });
  });
}
