// What only a backtest knows: how it compares with labels, what it came to a day, and what was read.

import { get, showProblem } from "./api.js";
import { dayBars } from "./charts.js";
import { coded, facts, h, put, section, table } from "./dom.js";
import { count, daySpan, noun, percent, plain } from "./words.js";

const MISSED = 20;

const between = (share, interval) => [
  percent(share),
  interval && h("span", { class: "soft" }, ` ${interval.map((end) => Math.round(100 * end)).join(" – ")}`),
];

const tile = (words, value, note, href) =>
  h(
    "div",
    { class: "tile" },
    h("dt", null, words),
    h("dd", null, href ? h("a", { href }, value) : value, note && h("span", { class: "soft small" }, note)),
  );

const interval = (of) => of && `likely ${of.map((end) => Math.round(100 * end)).join(" to ")} %`;

function tiles({ summary, incidents, budget_per_day: budget, rows }) {
  const all = rows.find((row) => row.analytic === null);
  const { evaluation, learnt } = summary;
  const approved = Object.values(summary.alerts.suppressed).reduce((sum, n) => sum + n, 0);
  const days = Math.max(1, summary.days_judged);
  return h(
    "dl",
    { class: "tiles" },
    tile(
      "Incidents a day",
      (incidents / days).toFixed(1),
      `${noun(incidents, "incident", "incidents")}, ${noun(summary.alerts.total, "alert", "alerts")}`,
      "#/incidents",
    ),
    evaluation &&
      tile(
        "False a day",
        evaluation.false_incidents_per_day.toFixed(2),
        `budget: ${Number(budget.toFixed(2))} a day`,
        "#/incidents?label=false",
      ),
    all && all.recall !== null && tile("Recall", percent(all.recall), interval(all.recall_interval)),
    all && all.precision !== null && tile("Precision", percent(all.precision), interval(all.precision_interval)),
    tile(
      "Days judged",
      count(summary.days_judged),
      learnt && (learnt.days > 0 ? `after ${noun(learnt.days, "day", "days")} learnt` : "the first by comparing identities"),
    ),
    tile("Events read", count(summary.read.events), learnt && `${noun(learnt.identities, "identity", "identities")}`),
    approved > 0 && tile("Approved", count(approved), approved === 1 ? "alert of known work" : "alerts of known work", "#/approvals"),
  );
}

function comparison({ summary, rows, sentences }) {
  const { evaluation } = summary;
  if (!evaluation) return null;
  return section(
    "Compared with the labels",
    sentences.map((sentence) => h("p", null, `${sentence[0].toUpperCase()}${sentence.slice(1)}${sentence.endsWith(".") ? "" : "."}`)),
    table(
      "Compared with the labels",
      ["analytic", "labels", "found", "true alerts", "false alerts", "recall", "precision", "time to detect"],
      rows.map((row) =>
        h(
          "tr",
          { class: row.analytic === null ? "sum" : false },
          h("th", { scope: "row" }, row.analytic ?? "all", row.name && h("div", { class: "soft small" }, row.name)),
          h("td", { class: "number" }, count(row.labels)),
          h("td", { class: "number" }, count(row.found)),
          h("td", { class: "number" }, count(row.true_alerts)),
          h("td", { class: "number" }, count(row.false_alerts)),
          h("td", { class: "number" }, row.recall === null ? "–" : between(row.recall, row.recall_interval)),
          h("td", { class: "number" }, row.precision === null ? "–" : between(row.precision, row.precision_interval)),
          h("td", { class: "number" }, row.time_to_detect),
        ),
      ),
    ),
    h(
      "p",
      { class: "soft small" },
      "Beside a share, and called likely above, stands its 95 % interval: where labels are few, it is wide. Alerts of one incident come together, so that of a precision is rather too narrow.",
    ),
  );
}

function missed({ summary }) {
  const { evaluation } = summary;
  if (!evaluation) return null;
  const all = evaluation.missed;
  if (all.length === 0) return section("Missed", h("p", null, "Each label has an alert."));
  const list = h(
    "ul",
    { class: "plain spaced missed" },
    all.slice(0, MISSED).map((note) => h("li", null, note)),
  );
  const more =
    all.length > MISSED &&
    h(
      "button",
      {
        type: "button",
        class: "link",
        onclick: () => {
          more.remove();
          list.append(...all.slice(MISSED).map((note) => h("li", null, note)));
        },
      },
      `${count(all.length - MISSED)} more`,
    );
  return section(`Missed: ${noun(all.length, "label", "labels")} without an alert`, list, more);
}

function reading({ read }) {
  const reasons = Object.entries(read.rejected);
  const files = Object.entries(read.unreadable);
  const several = (all) =>
    Object.entries(all)
      .map(([reason, n]) => `${count(n)} ${plain(reason)}`)
      .join(", ");
  return section(
    "Read",
    facts([
      [
        "Events",
        `${noun(read.events, "event", "events")} in ${noun(read.records, "record", "records")} from ${noun(read.files, "file", "files")}`,
      ],
      ["Period", read.first && `${read.first} to ${read.last}`],
      ["Left out", several(read.skipped)],
      ["Delivered again", read.repeated > 0 && `${noun(read.repeated, "event", "events")}, counted once`],
      ["Dated ahead", read.future > 0 && `${noun(read.future, "event", "events")}, set aside`],
      ["Too old", read.too_old > 0 && `${noun(read.too_old, "event", "events")}, left out`],
    ]),
    reasons.length + files.length > 0
      ? h(
          "div",
          { class: "notice warn" },
          h("h3", null, "Could not be read"),
          reasons.length > 0 && h("p", null, `Records: ${several(read.rejected)}. `, coded("`plimsoll inspect LOGS` says where.")),
          files.length > 0 &&
            h(
              "ul",
              { class: "plain" },
              files.map(([file, why]) => h("li", null, h("span", { class: "id" }, file), `: ${why}`)),
            ),
        )
      : h("p", { class: "soft" }, "Each record could be read."),
  );
}

function render(of) {
  const { summary } = of;
  const days = summary.per_day;
  return [
    days.length > 0 &&
      h(
        "p",
        { class: "soft" },
        `${daySpan(days.map((one) => one.day))} was judged${summary.learnt?.days > 0 ? `; what was before ${summary.learnt.split} was learnt` : ""}. Nothing was stored.`,
      ),
    of.notes.length > 0 &&
      h(
        "ul",
        { class: "notice warn plain" },
        of.notes.map((note) => h("li", null, coded(note))),
      ),
    tiles(of),
    comparison(of),
    missed(of),
    days.length > 1 &&
      days.some((one) => one.alerts > 0) &&
      section(
        "Alerts per day",
        dayBars(
          days.map((one) => ({ day: one.day, n: one.alerts })),
          "Alerts per day",
        ),
      ),
    reading(summary),
    h(
      "details",
      null,
      h("summary", null, "The run in lines, with what the logs lack and what drifted"),
      h(
        "pre",
        { tabindex: "0", role: "region", "aria-label": "The run in lines" },
        of.text.split("\n").flatMap((line) => [line, h("br")]),
      ),
    ),
    h("p", { class: "soft small" }, `plimsoll ${summary.version}`),
  ];
}

/** The view. */
export const backtest = {
  title: "Backtest",
  show(main, { signal }) {
    const body = h("div", { class: "flow", "aria-busy": "true" });
    put(main, h("div", { class: "view" }, h("h1", { tabindex: "-1" }, "Backtest"), body));
    const load = async () => {
      try {
        put(body, render(await get("/v1/backtest", {}, signal)));
        body.removeAttribute("aria-busy");
      } catch (problem) {
        await showProblem(body, problem, load);
      }
    };
    load();
    return "top";
  },
};
