// What the analytics see in the logs that were learnt, and what is missing for them.

import { get, showProblem } from "./api.js";
import { coded, h, put, section, table } from "./dom.js";
import { count, daySpan, duration, noun, percent, plain } from "./words.js";

const MARKS = { covered: "●", partial: "◐", blind: "○" };

function trail(silent) {
  const where = [
    silent.account && `of account ${silent.account}`,
    silent.account === "" && "without an account",
    silent.region && `in ${silent.region}`,
    silent.region === "" && "without a region",
  ].filter(Boolean);
  return h(
    "li",
    null,
    h("b", null, `${silent.source} ${where.join(" ")}`.trim()),
    `: no record since ${silent.since}, for ${duration(silent.silent_secs)}; `,
    silent.longest_pause_secs === 0 ? "it never paused before" : `its longest pause before was ${duration(silent.longest_pause_secs)}`,
  );
}

function detail(one) {
  return [
    h("h2", null, `${one.analytic} on ${one.provider}: ${one.verdict}`),
    one.why && h("p", null, one.why, "."),
    one.log_sources.length > 0 &&
      table(
        "Logs that it rests on",
        ["records", "log", "state", "seen", "last", "without them"],
        one.log_sources.map((log) =>
          h(
            "tr",
            null,
            h("th", { scope: "row" }, log.name, h("div", { class: "soft small" }, log.events)),
            h("td", null, [log.source, ...log.or].join(" or "), !log.required && h("div", { class: "soft small" }, "not required")),
            h("td", null, log.state),
            h("td", { class: "number" }, count(log.records)),
            h("td", { class: "date" }, log.last?.slice(0, 16).replace("T", " ") ?? "–"),
            h(
              "td",
              { class: "words" },
              log.without,
              log.missing.length > 0 &&
                h(
                  "p",
                  { class: "bad" },
                  `Records lack ${log.missing.map((field) => `${plain(field)} (${percent(log.lacking[field] ?? 0)})`).join(", ")}.`,
                ),
            ),
          ),
        ),
        { class: "stack" },
      ),
  ];
}

const MEANINGS = {
  covered: "the logs have all that the analytic needs",
  partial: "they have a part of it: press it to see what is missing",
  blind: "they have nothing of it, so the analytic sees nothing there",
};

/** What the marks mean, and how often each stands there. */
function legend(judged) {
  const number = (verdict) => judged.filter((one) => one.verdict === verdict).length;
  const one = ([verdict, meaning]) =>
    h(
      "li",
      null,
      h("span", { class: `cover ${verdict}` }, `${MARKS[verdict]} ${verdict}`),
      h("b", null, count(number(verdict))),
      h("span", { class: "soft" }, meaning),
    );
  return h("ul", { class: "plain legend" }, Object.entries(MEANINGS).map(one));
}

const listed = (words) => (words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words.join());

function matrix(of) {
  const providers = [...new Set(of.analytics.map((one) => one.provider))];
  const isRead = (provider) => of.analytics.some((one) => one.provider === provider && one.has_records);
  providers.sort((a, b) => isRead(b) - isRead(a));
  const analytics = [...new Set(of.analytics.map((one) => one.analytic))];
  const shown = h("div", { class: "notice", role: "region", "aria-label": "Details", tabindex: "-1", hidden: true });
  const cell = (analytic, provider) => {
    const one = of.analytics.find((other) => other.analytic === analytic && other.provider === provider);
    if (one === undefined || one.verdict === "unjudged")
      return h(
        "td",
        { class: "soft none" },
        h("span", { "aria-hidden": "true" }, "–"),
        h("span", { class: "unseen" }, `not written for ${provider}`),
      );
    if (!one.has_records && one.verdict === "blind")
      return h("td", { class: "unread" }, h("span", { class: "cover" }, `${MARKS.blind} no logs`));
    return h(
      "td",
      null,
      h(
        "button",
        {
          type: "button",
          class: `cover ${one.verdict}`,
          title: one.why ?? false,
          "aria-label": `${analytic} on ${provider}: ${one.verdict}. Show details`,
          onclick: () => {
            put(shown, detail(one));
            shown.hidden = false;
            shown.scrollIntoView({ block: "nearest" });
            shown.focus({ preventScroll: true });
          },
        },
        `${MARKS[one.verdict] ?? ""} ${one.verdict}`,
      ),
    );
  };
  const unread = providers.filter((provider) => !isRead(provider));
  return [
    legend(of.analytics.filter((one) => one.has_records && one.verdict !== "unjudged")),
    unread.length > 0 && h("p", null, `There are no logs of ${listed(unread)}, so nothing is seen of what is done there.`),
    table(
      "Coverage by analytic and provider",
      [
        h("th", { scope: "col" }, "analytic"),
        ...providers.map((provider) => h("th", { scope: "col", class: isRead(provider) ? "" : "soft" }, provider)),
      ],
      analytics.map((analytic) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, analytic),
          providers.map((provider) => cell(analytic, provider)),
        ),
      ),
      { class: "matrix stack" },
    ),
    shown,
  ];
}

function render(of) {
  const silent = of.silent ?? [];
  const sources = new Map();
  for (const one of of.seen) {
    const key = `${one.source} ${one.provider}`;
    const known = sources.get(key) ?? {
      source: one.source,
      provider: one.provider,
      events: 0,
      first: one.first,
      last: one.last,
      actions: [],
    };
    known.events += one.events;
    known.first = one.first < known.first ? one.first : known.first;
    known.last = one.last > known.last ? one.last : known.last;
    known.actions.push(plain(one.action));
    sources.set(key, known);
  }
  const read = new Set(of.seen.map((one) => one.provider));
  const missing = of.unobservable.filter((one) => read.has(one.provider));
  return [
    h(
      "p",
      { class: "soft" },
      `The logs are of ${noun(of.days, "day", "days")}${of.from ? `, ${daySpan(of.from === of.to ? [of.from] : [of.from, of.to])}` : ""}.`,
    ),
    silent.length > 0
      ? h(
          "section",
          { class: "notice warn" },
          h("h2", null, `${noun(silent.length, "log has", "logs have")} fallen silent`),
          h("ul", { class: "plain" }, silent.map(trail)),
        )
      : h("p", null, "No log has fallen silent."),
    (of.learning ?? []).length > 0 &&
      section(
        "Still learnt",
        h(
          "ul",
          { class: "plain" },
          of.learning.map((one) =>
            h(
              "li",
              null,
              [one.provider, plain(one.log ?? ""), one.account].filter(Boolean).join(" "),
              ` since ${one.since}, until ${one.until}`,
            ),
          ),
        ),
      ),
    section("Analytics", matrix(of)),
    section(
      "Logs",
      table(
        "Logs",
        ["log", "provider", "records", "first", "last", "kinds of action"],
        [...sources.values()].map((one) =>
          h(
            "tr",
            null,
            h("th", { scope: "row" }, one.source),
            h("td", null, one.provider),
            h("td", { class: "number" }, count(one.events)),
            h("td", { class: "date" }, one.first.slice(0, 16).replace("T", " ")),
            h("td", { class: "date" }, one.last.slice(0, 16).replace("T", " ")),
            h("td", { class: "words" }, one.actions.join(", ")),
          ),
        ),
        { class: "stack" },
      ),
    ),
    missing.length > 0 &&
      section(
        "What no log shows, or none unless it is switched on",
        [...read]
          .filter((provider) => missing.some((one) => one.provider === provider))
          .map((provider) =>
            unseen(
              provider,
              missing.filter((one) => one.provider === provider),
            ),
          ),
      ),
  ];
}

const unseen = (provider, all) =>
  h(
    "details",
    null,
    h("summary", null, `${provider}: ${count(all.length)}`),
    h(
      "ul",
      { class: "plain spaced" },
      all.map((one) =>
        h(
          "li",
          null,
          h("b", null, one.what),
          " ",
          one.off_by_default && h("span", { class: "tag" }, "can be switched on"),
          h("div", null, coded(one.instead)),
          one.analytics.length > 0 && h("div", { class: "soft small" }, one.analytics.join(", ")),
        ),
      ),
    ),
  );

/** The view. */
export const coverage = {
  title: "Coverage",
  show(main, { signal }) {
    const body = h("div", { class: "flow", "aria-busy": "true" }, h("p", { class: "soft" }, "Loading…"));
    put(main, h("div", { class: "view" }, h("h1", { tabindex: "-1" }, "Coverage"), body));
    const load = async () => {
      try {
        put(body, render(await get("/v1/coverage", {}, signal)));
        body.removeAttribute("aria-busy");
      } catch (problem) {
        await showProblem(body, problem, load);
      }
    };
    load();
    return "top";
  },
};
