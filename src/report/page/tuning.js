// What a budget of incidents would mean, and which one is in force.

import { get, learnRights, mayDecide, notOffered, post, showProblem } from "./api.js";
import { budgetWords, dayBars, intervals } from "./charts.js";
import { ask, busy, coded, facts, h, put, section, table } from "./dom.js";
import { isReport } from "./embedded.js";
import { toast } from "./verdict.js";
import { count, name, noun } from "./words.js";

const BUDGETS = ["1/week", "2/week", "4/week", "1/day", "2/day", "3/day", "5/day", "8/day", "12/day", "20/day"];

const ELSEWHERE =
  "A backtest stores nothing. The command puts the budget in force in a store that learnt these logs; `backtest --budget` tries one on them.";

const spelt = (perDay) => {
  const week = 7 * perDay;
  const isWeekly = perDay < 0.999;
  const n = Number((isWeekly ? week : perDay).toFixed(1));
  return `${n} ${n === 1 ? "incident" : "incidents"} a ${isWeekly ? "week" : "day"}`;
};

function doubts(setting, report) {
  const { threshold, history, stored_days: stored } = setting;
  if (threshold === null) return ["Nothing of it is stored yet; the next trainings add it."];
  return [
    history.state === "days" &&
      `${noun(report.whole_days, "whole day is", "whole days are")} stored. After ${noun(history.missing, "more day", "more days")} the number of incidents is likely to lie within a factor of 3.`,
    history.state === "never_enough" && "There are too few identities for so small a budget; more days do not change that.",
    threshold.beyond_data &&
      `${threshold.reached_by === 0 ? "No stored entity-day reaches" : `Only ${noun(threshold.reached_by, "stored entity-day reaches", "stored entity-days reach")}`} this threshold, so it is extrapolated.`,
    stored?.is_lower_bound && "On some stored day more entities reached it than are stored by name, so there may have been more.",
    setting.same_threshold.length > 0 && `The stored days do not tell it apart from ${setting.same_threshold.map(budgetWords).join(", ")}.`,
    threshold.is_lowest && "This is the lowest threshold that there is.",
  ].filter(Boolean);
}

function inForce(before) {
  const scores = [...new Set(Object.values(before).map((score) => score.toFixed(1)))];
  if (scores.length === 1) return `${scores[0]} for all analytics`;
  const often = scores
    .map((score) => [score, Object.values(before).filter((one) => one.toFixed(1) === score).length])
    .sort((a, b) => b[1] - a[1]);
  const own = Object.entries(before).filter(([, score]) => score.toFixed(1) !== often[0][0]);
  return `${often[0][0]}; ${own.map(([analytic, score]) => `${analytic} ${score.toFixed(1)}`).join(", ")}`;
}

function details(setting, report) {
  const { threshold, stored_days: stored } = setting;
  const now = Object.values(report.before)[0];
  const notes = doubts(setting, report);
  return [
    facts([
      [
        "Threshold",
        threshold && [
          h("b", { class: "big" }, threshold.score.toFixed(1)),
          ` likely ${threshold.scores.map((one) => one.toFixed(1)).join(" to ")}`,
          now !== undefined &&
            h(
              "span",
              { class: "soft" },
              `; ${isReport ? `the last day was judged by ${now.toFixed(1)}` : `${now.toFixed(1)} is in force`}, so ${threshold.score < now - 0.05 ? "more is told" : threshold.score > now + 0.05 ? "less is told" : "nothing changes"}`,
            ),
        ],
      ],
      ["Incidents a day", threshold && `${threshold.incidents_per_day.map((one) => one.toFixed(1)).join(" to ")} expected`],
      ["The next 7 days", threshold && `${threshold.next_7_days.map(count).join(" to ")} incidents expected; attacks come on top`],
      [
        "The stored days",
        stored &&
          `${stored.is_lower_bound ? "at least " : ""}${noun(stored.incidents, "incident", "incidents")}${stored.approved > 0 ? `, and ${count(stored.approved)} hidden by approvals` : ""}`,
      ],
      [
        "Verdicts on these",
        stored &&
          stored.verdicts.true + stored.verdicts.false > 0 &&
          `${count(stored.verdicts.true)} true, ${count(stored.verdicts.false)} false`,
      ],
    ]),
    notes.length > 0 &&
      h(
        "ul",
        { class: "notice warn plain" },
        notes.map((note) => h("li", null, note)),
      ),
    stored &&
      dayBars(
        stored.by_day.map((one) => ({ day: one.day, n: one.incidents })),
        "Incidents of the stored days",
      ),
    stored &&
      h(
        "div",
        { class: "halves" },
        Object.keys(stored.by_analytic).length > 0 &&
          h(
            "div",
            null,
            h("h2", null, "By analytic"),
            table(
              "By analytic",
              ["analytic", "alerts"],
              Object.entries(stored.by_analytic)
                .sort((a, b) => b[1] - a[1])
                .map(([analytic, n]) => h("tr", null, h("th", { scope: "row" }, analytic), h("td", { class: "number" }, count(n)))),
            ),
          ),
        stored.busiest.length > 0 &&
          h(
            "div",
            null,
            h("h2", null, "Whom it would name most often"),
            table(
              "Busiest",
              ["entity", "days"],
              stored.busiest.map((one) =>
                h(
                  "tr",
                  null,
                  h("th", { scope: "row" }, h("a", { class: "id", href: `#/entities/${encodeURIComponent(one.id)}` }, name(one.id))),
                  h("td", { class: "number" }, count(one.days)),
                ),
              ),
            ),
          ),
      ),
  ];
}

/** Which alerts with a verdict a setting would tell, of all that any would; those on which settings differ come first. */
function judged(setting, settings) {
  const of = (one) => one.stored_days?.judged ?? [];
  const all = [...new Map(settings.flatMap(of).map((one) => [one.alert_id, one])).values()];
  if (all.length === 0) return null;
  const told = new Set(of(setting).map((one) => one.alert_id));
  const isSame = (one) => settings.every((other) => of(other).some((alert) => alert.alert_id === one.alert_id));
  const order = all.map((one) => ({ ...one, isSame: isSame(one) })).sort((a, b) => a.isSame - b.isSame || (a.day < b.day ? 1 : -1));
  const missed = order.filter((one) => one.verdict && !told.has(one.alert_id)).length;
  const spared = order.filter((one) => !one.verdict && !told.has(one.alert_id)).length;
  return section(
    "Alerts with a verdict",
    h(
      "p",
      null,
      missed + spared === 0
        ? "All of them would be told."
        : `${missed > 0 ? `${noun(missed, "true one", "true ones")} would not be told` : "Every true one would be told"}${spared > 0 ? `, and ${noun(spared, "false one", "false ones")} spared` : ""}.`,
    ),
    table(
      "Alerts with a verdict",
      ["verdict", "this budget", "day", "analytic", "entity"],
      order.map((one) =>
        h(
          "tr",
          { class: told.has(one.alert_id) ? "" : "beside" },
          h("th", { scope: "row" }, one.verdict ? "true" : "false"),
          h("td", null, told.has(one.alert_id) ? "told" : "not told"),
          h("td", { class: "date" }, one.day),
          h("td", null, one.analytic),
          h("td", null, h("a", { class: "id", href: `#/entities/${encodeURIComponent(one.id)}` }, name(one.id))),
        ),
      ),
    ),
  );
}

function render(report, again) {
  if (report.provisional) {
    return h(
      "div",
      { class: "notice warn" },
      h("h2", null, "Too early"),
      h(
        "p",
        null,
        `${noun(report.whole_days, "whole day is", "whole days are")} stored; 7 are needed before a threshold can be tuned. Until then scores are provisional.`,
      ),
      h("p", { class: "soft" }, `${isReport ? "The last day was judged by" : "In force:"} ${inForce(report.before)}.`),
    );
  }
  const { settings } = report;
  let chosen = settings.findIndex((one) => one.budget_per_day >= 1.999);
  if (chosen < 0) chosen = settings.length - 1;
  const slider = h("input", { type: "range", id: "budget", min: "0", max: String(settings.length - 1), step: "1", value: String(chosen) });
  const output = h("output", { for: "budget" });
  const chart = h("div");
  const body = h("div", { class: "flow" });
  const button = h("button", { type: "button", class: "main", onclick: () => confirm() }, "Put in force…");
  const apply = isReport ? h("code") : mayDecide() && button;
  const show = () => {
    const setting = settings[chosen];
    put(output, spelt(setting.budget_per_day));
    slider.setAttribute("aria-valuetext", spelt(setting.budget_per_day));
    put(chart, intervals(settings, chosen));
    put(body, details(setting, report), judged(setting, settings));
    if (isReport) put(apply, `plimsoll tune --budget ${budgetWords(setting.budget_per_day)} --apply`);
    else button.disabled = setting.threshold === null;
  };
  slider.addEventListener("input", () => {
    chosen = Number(slider.value);
    show();
  });
  const confirm = async () => {
    const setting = settings[chosen];
    const answer = await ask(
      "Put a budget in force?",
      [
        h(
          "p",
          null,
          `The threshold becomes ${setting.threshold.score.toFixed(1)}, for ${spelt(setting.budget_per_day)}. In force now: ${inForce(report.before)}.`,
        ),
        h(
          "p",
          { class: "soft" },
          "It holds for what is judged from now on. What was told stays told. The decision is noted in the audit log.",
        ),
      ],
      [
        ["", "Cancel", ""],
        ["apply", "Put in force", "main"],
      ],
    );
    if (answer !== "apply") return;
    try {
      await busy(button, "Putting the budget in force", () => post("/v1/tuning", { budget: `${setting.budget_per_day}/day` }));
      toast(`In force: ${spelt(setting.budget_per_day)}.`, 6);
      again();
    } catch (problem) {
      toast(`Nothing was changed: ${problem.detail ?? problem}. ${problem.hint ?? ""}`, 20);
    }
  };
  show();
  return [
    h(
      "p",
      { class: "soft" },
      isReport
        ? `The last day was judged by ${inForce(report.before)}. ${noun(report.entity_days, "entity-day", "entity-days")} of ${noun(report.whole_days, "whole day", "whole days")} were measured.`
        : `In force: ${inForce(report.before)}. Generation ${report.generation}: ${noun(report.entity_days, "entity-day", "entity-days")} of ${noun(report.whole_days, "whole day", "whole days")} are stored.`,
    ),
    h("div", { class: "slider" }, h("label", { for: "budget" }, "Budget"), slider, output, apply),
    isReport && h("p", { class: "soft small" }, coded(ELSEWHERE)),
    !isReport && !mayDecide() && notOffered("Putting one in force"),
    chart,
    h(
      "p",
      { class: "soft small" },
      "A bar is how many incidents a day are likely; the line in it is the budget. A budget is for days like the stored ones, with a training every night.",
    ),
    body,
    section(
      "All budgets",
      table(
        "All budgets",
        ["budget", "threshold", "incidents a day", "next 7 days", "on stored days"],
        settings.map((one) =>
          h(
            "tr",
            null,
            h("th", { scope: "row" }, budgetWords(one.budget_per_day)),
            h("td", { class: "number" }, one.threshold?.score.toFixed(1) ?? "–"),
            h("td", { class: "number" }, one.threshold?.incidents_per_day.map((n) => n.toFixed(1)).join(" – ") ?? "–"),
            h("td", { class: "number" }, one.threshold?.next_7_days.map(count).join(" – ") ?? "–"),
            h(
              "td",
              { class: "number" },
              one.stored_days ? `${one.stored_days.is_lower_bound ? "≥ " : ""}${count(one.stored_days.incidents)}` : "–",
            ),
          ),
        ),
      ),
    ),
  ];
}

/** The view. */
export const tuning = {
  title: "Tuning",
  show(main, { signal }) {
    const body = h("div", { class: "flow", "aria-busy": "true" }, h("p", { class: "soft" }, "Loading…"));
    put(
      main,
      h(
        "div",
        { class: "view" },
        h("h1", { tabindex: "-1" }, "Tuning"),
        h(
          "p",
          null,
          `A budget is how many incidents you want to look at. From ${isReport ? "the days of these logs" : "what is stored"}, plimsoll says which threshold that takes, and how sure that is.`,
        ),
        body,
      ),
    );
    const load = async () => {
      try {
        const [report] = await Promise.all([get("/v1/tuning", { budget: BUDGETS }, signal), learnRights()]);
        put(body, render(report, load));
        body.removeAttribute("aria-busy");
      } catch (problem) {
        await showProblem(body, problem, load);
      }
    };
    load();
    return "top";
  },
};
