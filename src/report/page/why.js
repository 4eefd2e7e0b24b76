// Why an alert was raised: each reason in a sentence, and what was observed in the distribution that it was judged by.

import { amountPlot, armPlot, burstPlot, daysStrip, hoursPlot } from "./charts.js";
import { facts, h, id } from "./dom.js";
import { severity } from "./incidents.js";
import { count, name, noun, once, percent, plain, probability } from "./words.js";

/** Reasons are drawn until they make up this share of the sum. */
const EXPLAINED = 0.95;

const LABELS = { true: "true", false: "false", beside: "beside a true one" };

const headline = (alert) => alert.headline ?? alert.name;

function odds(reason, alert) {
  const whose = reason.judged_against ?? {};
  const by =
    whose.id === alert.entity.id
      ? "for this identity"
      : whose.kind === "default"
        ? "by what is assumed of any identity"
        : "for an identity like its peers";
  if (reason.kind === "volume" || reason.kind === "novelty")
    return `Chance ${probability(reason.p_value)} a day: ${once(reason.p_value)} ${by}.`;
  if (reason.kind === "newcomer")
    return `About ${reason.p_value >= 0.01 ? percent(reason.p_value) : `one in ${count(1 / Math.max(reason.p_value, 1e-15))}`} of the active hours of ${whose.id} are as busy.`;
  return "";
}

function drawing(reason) {
  switch (reason.kind) {
    case "volume":
      return amountPlot(reason);
    case "newcomer":
      return reason.basis?.quantiles ? hoursPlot(reason) : amountPlot(reason);
    case "novelty": {
      const days = reason.basis?.novel_days === null ? 0 : reason.of + 1;
      return (
        days > 0 && daysStrip(days, `${reason.value}: not on one of ${noun(days, "active day", "active days")} before, and on this one`)
      );
    }
    case "burst":
      return burstPlot(reason);
    case "sequence":
      return h(
        "ol",
        { class: "steps" },
        reason.steps.map((step) =>
          h(
            "li",
            null,
            h("time", { datetime: step.time }, step.time),
            " ",
            plain(step.step),
            step.by && [" by ", id(name(step.by))],
            step.operation && [", ", step.operation],
            step.source_ip && [" from ", step.source_ip],
          ),
        ),
      );
    default:
      return null;
  }
}

function reasonItem(reason, sentence, alert, sum) {
  const share = sum > 0 ? (reason.surprise ?? 0) / sum : 0;
  const { first } = reason;
  const notes = [
    odds(reason, alert),
    first && `First: ${first.operation}${first.source_ip ? ` from ${first.source_ip}` : ""} at ${first.time}, event ${first.event_id}.`,
    reason.apart && "It came from another address and with another credential than the act.",
  ];
  return h(
    "li",
    { class: "reason" },
    h("div", { class: "share" }, reason.kind === "sequence" ? "condition" : percent(share)),
    h(
      "div",
      null,
      h("p", null, sentence ?? plain(reason.kind)),
      drawing(reason),
      h("p", { class: "soft small" }, notes.filter(Boolean).join(" ")),
    ),
  );
}

/** Splits reasons, which come largest first, into those that make up most of the sum or are conditions of it, and the rest. */
function byWeight(alert, sentences, sum) {
  let soFar = 0;
  const parts = { most: [], rest: [] };
  alert.reasons.forEach((reason, at) => {
    const isMost = reason.kind === "sequence" || soFar < EXPLAINED * sum;
    soFar += reason.surprise ?? 0;
    parts[isMost ? "most" : "rest"].push([reason, sentences?.[at]]);
  });
  return parts;
}

/** All of an alert, folded unless it is to be open. */
export function alertDetails(alert, sentences, isOpen) {
  const sum = alert.reasons.reduce((all, reason) => all + (reason.surprise ?? 0), 0);
  const arm = alert.evidence?.arm;
  const { most, rest } = byWeight(alert, sentences, sum);
  const left = rest.reduce((all, [reason]) => all + (reason.surprise ?? 0), 0);
  const body = () => [
    h(
      "ol",
      { class: "reasons" },
      most.map(([reason, sentence]) => reasonItem(reason, sentence, alert, sum)),
      rest.length > 0 &&
        h(
          "li",
          { class: "reason" },
          h("div", { class: "share" }, percent(sum > 0 ? left / sum : 0)),
          h(
            "ul",
            { class: "plain soft small" },
            rest.map(([reason, sentence]) => h("li", null, sentence ?? plain(reason.kind))),
          ),
        ),
    ),
    arm &&
      h(
        "div",
        { class: "reason" },
        h("div", { class: "share" }, "sum"),
        h(
          "div",
          null,
          h(
            "p",
            null,
            `All reasons together come to ${alert.statistic.toFixed(1)}. Of ${noun(arm.tail.n, "stored entity-day", "stored entity-days")} over ${noun(arm.days, "day", "days")}, ${arm.at_least === 0 ? "none" : count(arm.at_least)} came to as much.`,
          ),
          arm.quantiles.at(-1) > 0 && armPlot(arm, alert.statistic),
        ),
      ),
    facts(
      [
        ["Severity", alert.severity_reason],
        [
          "Score",
          `${alert.score.toFixed(1)}, threshold ${alert.threshold.toFixed(1)}${alert.provisional ? ", provisional: too little history to calibrate it" : ""}`,
        ],
        ["Techniques", alert.techniques.join(", ")],
        [
          "Signed in",
          alert.authentication &&
            `${alert.authentication.method} at ${alert.authentication.time}${alert.authentication.mfa === null ? "" : alert.authentication.mfa ? ", with a second factor" : ", without a second factor"}${alert.authentication.source_ip ? `, from ${alert.authentication.source_ip}` : ""}${alert.authentication.unusual?.length ? `. Unusual: ${alert.authentication.unusual.join(", ")}` : ""}`,
        ],
        ["Client", alert.entity.user_agent],
        [
          "Operations",
          alert.operations
            .map((of) => `${of.operation} ${count(of.calls)}${of.denied > 0 ? ` (${count(of.denied)} denied)` : ""}`)
            .join(", "),
        ],
        ["Also", (alert.also ?? []).map((of) => of.analytic).join(", ")],
        ["Approved", alert.suppressed_by],
        ["Alert", id(alert.alert_id)],
      ],
      { class: "facts small" },
    ),
  ];
  const details = h(
    "details",
    { class: "alert" },
    h(
      "summary",
      null,
      severity(alert.severity),
      h("span", { class: "headline" }, headline(alert)),
      h(
        "span",
        { class: "soft" },
        `${alert.analytic}, ${alert.score.toFixed(1)}, `,
        name(alert.entity.display_name ?? alert.entity.id),
        `, ${(alert.crossed_at ?? alert.time).slice(0, 16).replace("T", " ")}`,
        alert.label && h("span", { class: `label ${alert.label}` }, LABELS[alert.label]),
      ),
    ),
  );
  const fill = () => details.childElementCount === 1 && details.append(...[body()].flat(Infinity).filter(Boolean));
  details.addEventListener("toggle", () => details.open && fill());
  if (isOpen) {
    fill();
    details.open = true;
  }
  return details;
}
