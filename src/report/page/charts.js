// Drawings as SVG. Curves are stretched to the width that there is; words stand beside them as text, so that they keep their size.

import { h, place, raise, s } from "./dom.js";
import { amount, count, day, minute, period, secs } from "./words.js";

const POINTS = 120;
/** Where a logarithmic axis of amounts begins, and what is added to an amount before its logarithm. */
const LEAST = 0.5;
const CONTINUITY = 0.5;
/** Student's t with 20 degrees of freedom: its 99th percentile is so many scales from the median. */
const FREEDOM = 20;
const T_99 = 2.527977;
/** Marks that are closer than this share of the width stand in two rows. */
const APART = 0.17;

const stretched = (height, ...children) =>
  s("svg", { viewBox: `0 0 100 ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, children);
const path = (points) => points.map(([x, y]) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L");

/** Words beneath an axis: each at its place, in a second row where they would touch. */
function marks(all) {
  const rows = [[], []];
  const words = all
    .filter((mark) => mark.below)
    .sort((a, b) => a.at - b.at)
    .map((mark) => {
      const at = rows.findIndex((row) => row.every((other) => Math.abs(other - mark.at) > APART));
      const row = at < 0 ? 1 : at;
      rows[row].push(mark.at);
      return place(h("span", { class: `mark row${row} ${side(mark.at)}` }, mark.words), mark.at);
    });
  return h("div", { class: `marks ${rows[1].length > 0 ? "two" : ""}` }, words);
}

const side = (at) => (at > 0.8 ? "left" : at < 0.12 ? "right" : "middle");

/** An axis with a curve over it, the words of its marks, and the observation. */
function plot(label, height, shape, ticks, here) {
  const lines = ticks.map((tick) => s("path", { d: `M${100 * tick.at} 0V${height}`, class: "tick" }));
  return h(
    "div",
    { class: "plot", role: "img", "aria-label": label },
    h("div", { class: "above" }, place(h("span", { class: `mark here ${side(here.at)}` }, here.words), here.at)),
    stretched(
      height,
      shape,
      lines,
      s("path", { d: `M0 ${height}H100`, class: "base" }),
      s("path", { d: `M${100 * here.at} 0V${height}`, class: "here" }),
    ),
    marks(ticks.map((tick) => ({ ...tick, below: true }))),
  );
}

/** A logarithmic axis up to the most there is: where an amount stands on it, as a share. */
function axis(most) {
  const span = Math.log(Math.max(most, 10) / LEAST);
  return {
    at: (x) => Math.min(1, Math.log(Math.max(x, LEAST) / LEAST) / span),
    amount: (at) => LEAST * Math.exp(span * at),
  };
}

function density(p50, p99, of, height) {
  const [low, high] = [Math.log(p50 + CONTINUITY), Math.log(p99 + CONTINUITY)];
  if (!(high > low)) return null;
  const scale = (high - low) / T_99;
  const points = [];
  for (let n = 0; n <= POINTS; n += 1) {
    const t = (Math.log(of.amount(n / POINTS) + CONTINUITY) - low) / scale;
    points.push([(100 * n) / POINTS, height - (height - 3) * (1 + (t * t) / FREEDOM) ** (-(FREEDOM + 1) / 2)]);
  }
  return s("path", { d: `M0 ${height}L${path(points)}L100 ${height}Z`, class: "area" });
}

/** What was expected of an amount, as the curve through its median and its 99th percentile, with the observation marked. */
export function amountPlot({ metric, observed, p50, p99 }) {
  const of = axis(Math.max(observed, p99));
  const show = (x) => amount(metric, x);
  return plot(
    `Expected: median ${show(p50)}, 99th percentile ${show(p99)}. Observed: ${show(observed)}.`,
    44,
    density(p50, p99, of, 44),
    [
      { at: of.at(p50), words: `p50 ${show(p50)}` },
      { at: of.at(p99), words: `p99 ${show(p99)}` },
    ],
    { at: of.at(observed), words: `here ${show(observed)}` },
  );
}

/** How values thin out: full up to the first of ascending quantiles, lower up to each of the next. */
function steps(places, height) {
  const points = [[0, 2]];
  places.forEach((at, n) => {
    const level = (share) => height - (height - 2) * share;
    points.push([100 * at, level(1 - n / places.length)], [100 * at, level(1 - (n + 1) / places.length)]);
  });
  return s("path", { d: `M0 ${height}L${path(points)}L${100 * places.at(-1)} ${height}Z`, class: "area" });
}

/** The busy hours of a newcomer's peers, by quantiles: p50, p90, p98, p99, p99.9 and the largest. */
export function hoursPlot({ metric, observed, basis }) {
  const of = axis(Math.max(observed, basis.quantiles.at(-1)));
  const show = (x) => amount(metric, x);
  const [p50, , , p99, , most] = basis.quantiles;
  return plot(
    `Hours of its peers: median ${show(p50)}, 99th percentile ${show(p99)}, largest ${show(most)}. Observed: ${show(observed)}.`,
    44,
    steps(basis.quantiles.map(of.at), 44),
    [
      { at: of.at(p50), words: `p50 ${show(p50)}` },
      { at: of.at(p99), words: `p99 ${show(p99)}` },
      { at: of.at(most), words: `largest ${show(most)}` },
    ],
    { at: of.at(observed), words: `here ${show(observed)}` },
  );
}

/** The stored distribution of an arm, with the statistic of an alert marked. */
export function armPlot(arm, statistic) {
  const most = Math.max(statistic, arm.quantiles.at(-1), 1e-9);
  const at = (x) => Math.max(0, Math.min(1, x / most));
  const [, , p98, , p999] = arm.quantiles;
  return plot(
    `Stored entity-days: 98 % are below ${p98.toFixed(1)}, 99.9 % below ${p999.toFixed(1)}. This alert: ${statistic.toFixed(1)}.`,
    44,
    steps(arm.quantiles.map(at), 44),
    [
      { at: at(p98), words: `p98 ${p98.toFixed(1)}` },
      { at: at(p999), words: `p99.9 ${p999.toFixed(1)}` },
    ],
    { at: at(statistic), words: `here ${statistic.toFixed(1)}` },
  );
}

/** The active days of an entity as squares: none of those before showed a value, this one does. */
export function daysStrip(days, words) {
  const shown = Math.min(days, 40);
  const squares = Array.from({ length: shown + 1 }, (_, n) =>
    s("rect", { x: 12 * n, y: 0, width: 9, height: 9, rx: 1.5, class: n === shown ? "here-fill" : "empty" }),
  );
  return h(
    "div",
    { class: "strip", role: "img", "aria-label": words },
    s("svg", { viewBox: `0 0 ${12 * (shown + 1)} 9`, width: 12 * (shown + 1), height: 9 }, squares),
    h(
      "p",
      { class: "caption" },
      days > shown ? `the last ${count(shown)} of ${count(days)} active days, and this one` : "active days before, and this one",
    ),
  );
}

/** How many there were at once, beside how many an analytic calls a burst. */
export function burstPlot({ observed, required }) {
  const most = Math.max(observed, required) * 1.05;
  return plot(
    `A burst is ${count(required)} or more. Observed: ${count(observed)}.`,
    16,
    s("rect", { x: 0, y: 3, width: (100 * observed) / most, height: 13, class: "area" }),
    [{ at: required / most, words: `a burst from ${count(required)}` }],
    { at: observed / most, words: `here ${count(observed)}` },
  );
}

/** Small curves for a table: what is expected of a metric, on one axis for all windows. */
export function curve(metric, most) {
  const of = axis(most);
  const at = [metric.p50, metric.p99].map((x) => 100 * of.at(x));
  return h(
    "span",
    { class: "curve" },
    stretched(
      20,
      density(metric.p50, metric.p99, of, 20),
      at.map((x) => s("path", { d: `M${x} 0V20`, class: "tick" })),
      s("path", { d: "M0 20H100", class: "base" }),
    ),
  );
}

/** When what was done: a lane for each kind of act, and where thresholds were reached. */
export function lanes(rows, crossings, [start, end]) {
  const [from, to] = [secs(start), Math.max(secs(end), secs(start) + 60)];
  const at = (time) => Math.max(0, Math.min(1, (secs(time) - from) / (to - from)));
  const label = `${crossings.length > 0 ? `Thresholds reached: ${crossings.join(", ")}. ` : ""}${rows.map(({ words, spans }) => `${words}: ${spans.map(([first, last]) => period(first, last)).join(", ")}`).join(". ")}.`;
  const isLong = day(start) !== day(end);
  const clock = (share) => {
    const time = new Date(1000 * (from + share * (to - from))).toISOString();
    return isLong ? `${day(time).slice(5)} ${minute(time)}` : minute(time);
  };
  return h(
    "div",
    { class: "lanes", role: "img", "aria-label": label },
    rows.map(({ words, spans }) =>
      h(
        "div",
        { class: "lane" },
        h("span", null, words),
        h(
          "div",
          { class: "track" },
          spans.map(([first, last]) => place(h("i", { title: `${words} ${period(first, last)}` }), at(first), at(last) - at(first))),
        ),
      ),
    ),
    crossings.length > 0 &&
      h(
        "div",
        { class: "lane" },
        h("span", null, "Alerts"),
        h(
          "div",
          { class: "track" },
          crossings.map((time) => place(h("b", { title: `threshold reached ${time}` }), at(time))),
        ),
      ),
    h(
      "div",
      { class: "lane axis" },
      h("span"),
      h(
        "div",
        { class: "track" },
        [0, 0.5, 1].map((share) => place(h("span", { class: `mark ${["right", "middle", "left"][2 * share]}` }, clock(share)), share)),
      ),
    ),
  );
}

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** On how many days an entity was active, by the hour of the week. */
export function heatMap(hours) {
  const most = Math.max(...hours, 1);
  const level = (n) => (n === 0 ? 0 : Math.max(1, Math.ceil((4 * n) / most)));
  const cells = hours.map((n, at) =>
    s(
      "rect",
      { x: 10 * (at % 24) + 0.5, y: 10 * Math.floor(at / 24) + 0.5, width: 9, height: 9, rx: 1.5, class: `heat${level(n)}` },
      s("title", null, `${WEEKDAYS[Math.floor(at / 24)]} ${String(at % 24).padStart(2, "0")}:00: ${n} ${n === 1 ? "day" : "days"}`),
    ),
  );
  const active = WEEKDAYS.map((weekday, n) => {
    const busy = hours.slice(24 * n, 24 * n + 24).filter((days) => days > 0).length;
    return `${weekday} ${busy} of 24 hours`;
  });
  return h(
    "div",
    { class: "heat", role: "img", "aria-label": `Hours of the week with activity. ${active.join(", ")}.` },
    h(
      "div",
      { class: "rows" },
      WEEKDAYS.map((weekday) => h("span", null, weekday)),
    ),
    s("svg", { viewBox: "0 0 240 70" }, cells),
    h(
      "div",
      { class: "hours" },
      [0, 6, 12, 18].map((hour) => place(h("span", null, String(hour).padStart(2, "0")), hour / 24)),
    ),
    h(
      "p",
      { class: "caption" },
      "none ",
      s(
        "svg",
        { viewBox: "0 0 50 10", width: 60, height: 12, "aria-hidden": "true" },
        [0, 1, 2, 3, 4].map((n) => s("rect", { x: 10 * n + 0.5, y: 0.5, width: 9, height: 9, rx: 1.5, class: `heat${n}` })),
      ),
      ` on ${count(most)} days. Hours are UTC.`,
    ),
  );
}

/** Numbers by day as bars. */
export function dayBars(days, label) {
  const most = Math.max(...days.map((one) => one.n), 1);
  const width = 100 / Math.max(days.length, 1);
  return h(
    "div",
    { class: "bars", role: "img", "aria-label": `${label}: ${days.map((one) => `${one.day} ${one.n}`).join(", ")}` },
    stretched(
      40,
      days.map((one, at) =>
        s(
          "rect",
          {
            x: at * width + width * 0.12,
            y: 40 - (39 * one.n) / most,
            width: width * 0.76,
            height: Math.max((39 * one.n) / most, 0.5),
            class: "bar",
          },
          s("title", null, `${one.day}: ${one.n}`),
        ),
      ),
    ),
    days.length > 0 &&
      h("p", { class: "caption" }, h("span", null, days[0].day), h("span", null, `most ${count(most)}`), h("span", null, days.at(-1).day)),
  );
}

/** Intervals of incidents a day, a budget each, with one of them chosen. */
export function intervals(settings, chosen) {
  const all = settings.flatMap((one) => [one.budget_per_day, ...(one.threshold?.incidents_per_day ?? [])]);
  const [bottom, top] = [-1, Math.log10(Math.max(...all, 1) * 1.1)];
  const of = (x) => 100 - (100 * (Math.log10(Math.max(x, 10 ** bottom)) - bottom)) / (top - bottom);
  const levels = Array.from({ length: Math.floor(top) - bottom + 1 }, (_, n) => 10 ** (bottom + n));
  const width = 100 / settings.length;
  const shapes = settings.map((one, at) => {
    const middle = (at + 0.5) * width;
    const name = at === chosen ? "chosen" : "other";
    const [least, most] = one.threshold?.incidents_per_day ?? [0, 0];
    return [
      s(
        "rect",
        { x: middle - width * 0.22, y: of(most), width: width * 0.44, height: Math.max(of(least) - of(most), 0.5), class: name },
        s("title", null, `${least.toFixed(1)} to ${most.toFixed(1)} a day`),
      ),
      s("path", { d: `M${middle - width * 0.4} ${of(one.budget_per_day)}h${width * 0.8}`, class: "aim" }),
    ];
  });
  return h(
    "div",
    {
      class: "intervals",
      role: "img",
      "aria-label": settings
        .map(
          (one) =>
            `budget ${budgetWords(one.budget_per_day)}: ${one.threshold?.incidents_per_day.map((n) => n.toFixed(1)).join(" to ") ?? "not known"} a day`,
        )
        .join("; "),
    },
    h(
      "div",
      { class: "scale" },
      levels.map((level) => raise(h("span", null, `${level} a day`), of(level) / 100)),
    ),
    stretched(
      100,
      levels.map((level) => s("path", { d: `M0 ${of(level)}H100`, class: "base" })),
      shapes,
      s("path", { d: "M0 100H100", class: "base" }),
    ),
    h(
      "div",
      { class: "names" },
      settings.map((one, at) => h("span", { class: at === chosen ? "chosen" : "" }, budgetWords(one.budget_per_day))),
    ),
  );
}

/** Writes a budget as people say it. */
export function budgetWords(perDay) {
  if (perDay >= 0.999) return `${Number(perDay.toFixed(1))}/day`;
  return `${Number((7 * perDay).toFixed(1))}/week`;
}
