// Who has a baseline, and what is usual for one of them.

import { get, showProblem } from "./api.js";
import { curve, heatMap } from "./charts.js";
import { coded, facts, h, id, put, section, table } from "./dom.js";
import { isReport } from "./embedded.js";
import { shortList } from "./incidents.js";
import { amount, count, name, noun, percent, plain, span } from "./words.js";

const LISTED = 200;
const VALUES = 8;
const KINDS = ["identity", "role", "region"];
/** An amount that is active less often than this is hardly ever seen. */
const RARE = 0.02;
/** By how many times an amount must have moved between two nights to be told apart. */
const MOVED = 1.5;

const link = (entity) => h("a", { href: `#/entities/${encodeURIComponent(entity.id)}`, class: "id" }, name(entity.id));

const text = h("input", { id: "text", type: "search", placeholder: "id, alias or role", autocomplete: "off", spellcheck: "false" });
const kind = h(
  "select",
  { id: "kind" },
  h("option", { value: "" }, "any"),
  KINDS.map((word) => h("option", { value: word }, word)),
);
const found = h("div");
const form = h(
  "form",
  {
    class: "filters",
    role: "search",
    "aria-label": "Filter entities",
    onsubmit: (event) => {
      event.preventDefault();
      search();
    },
  },
  h("div", null, h("label", { for: "text" }, "Who"), text),
  h("div", null, h("label", { for: "kind" }, "Kind"), kind),
);
const head = h("h1", { tabindex: "-1" }, "Entities");
const page = h("div", { class: "view" }, head, form, found);

function search() {
  const query = new URLSearchParams(Object.entries({ text: text.value.trim(), kind: kind.value }).filter(([, value]) => value !== ""));
  location.replace(query.size > 0 ? `#/entities?${query}` : "#/entities");
}

let typing = null;
text.addEventListener("input", () => {
  clearTimeout(typing);
  // Who has gone on meanwhile is not taken back.
  typing = setTimeout(() => page.isConnected && search(), 400);
});
kind.addEventListener("change", search);

/** The list. */
export const entities = {
  title: "Entities",
  show(main, { query, signal }) {
    const isSame = main.firstElementChild === page;
    if (!isSame) put(main, page);
    if (text !== document.activeElement) text.value = query.get("text") ?? "";
    kind.value = query.get("kind") ?? "";
    const load = async () => {
      found.setAttribute("aria-busy", "true");
      try {
        const answer = await get("/v1/entities", { text: query.get("text") ?? "", kind: query.get("kind") ?? "", limit: LISTED }, signal);
        form.hidden = false;
        if (answer.entities.length === 0) put(found, h("p", { class: "notice" }, "No entity is like that."));
        else
          put(
            found,
            h(
              "p",
              { class: "soft" },
              isReport && "This report has only who takes part in its incidents. ",
              answer.left_out > 0 && `Of ${count(answer.left_out)} more it had no room for what is usual. `,
              `${noun(answer.matching, "entity has", "entities have")} a baseline in generation ${answer.generation}${answer.matching > answer.entities.length ? `; the ${count(answer.entities.length)} most active` : ", the most active first"}.`,
            ),
            table(
              "Entities",
              ["entity", "kind", "account", "events", "active days", "first seen", "last seen"],
              answer.entities.map((one) =>
                h(
                  "tr",
                  null,
                  h("td", null, link(one), h("div", { class: "soft small id" }, one.id)),
                  h("td", null, plain(one.kind === "identity" ? one.identity_kind : one.kind)),
                  h("td", null, [one.provider, one.account].filter(Boolean).join(" ")),
                  h("td", { class: "number" }, count(one.events)),
                  h("td", { class: "number" }, count(one.active_days)),
                  h("td", { class: "date" }, one.first_seen),
                  h("td", { class: "date" }, one.last_seen),
                ),
              ),
            ),
          );
      } catch (problem) {
        form.hidden = !(await showProblem(found, problem, load));
      }
      found.removeAttribute("aria-busy");
    };
    load();
    return isSame ? "kept" : "top";
  },
  key(key) {
    if (key !== "/") return false;
    text.focus();
    return true;
  },
};

function metrics(all) {
  const windows = [...new Set(all.map((one) => one.window))];
  const place = h("div");
  const heads = [
    "metric",
    "p50",
    "p99",
    "windows a day",
    "own history",
    h("th", { scope: "col" }, "expected amounts, on a logarithmic axis"),
  ];
  const isRare = (one) => one.active_per_day < RARE;
  const show = (window) => {
    const rows = (of) =>
      of.map((one) => {
        const most = Math.max(...all.filter((other) => other.metric === one.metric).map((other) => other.p99));
        return h(
          "tr",
          null,
          h("th", { scope: "row" }, plain(one.metric)),
          h("td", { class: "number" }, amount(one.metric, one.p50)),
          h("td", { class: "number" }, amount(one.metric, one.p99)),
          h("td", { class: "number" }, one.active_per_day >= 0.1 ? one.active_per_day.toFixed(1) : one.active_per_day.toFixed(3)),
          h(
            "td",
            { class: "number", title: one.prior_of ? `the rest is of its peers: ${one.prior_of}` : "the rest is a built-in default" },
            percent(one.own_weight),
          ),
          h("td", { class: "drawn" }, curve(one, most)),
        );
      });
    const of = all.filter((one) => one.window === window);
    const usual = of.filter((one) => !isRare(one));
    const rare = of.filter(isRare);
    put(
      place,
      usual.length > 0
        ? table("Usual amounts", heads, rows(usual))
        : h("p", { class: "soft" }, "It hardly ever does anything that is measured so."),
      rare.length > 0 &&
        h(
          "details",
          null,
          h("summary", null, `${noun(rare.length, "amount", "amounts")} that it hardly ever shows`),
          table("Rare amounts", heads, rows(rare)),
        ),
    );
  };
  const buttons = windows.map((window) =>
    h("button", { type: "button", "aria-pressed": "false", onclick: (event) => choose(event.currentTarget, window) }, span(window)),
  );
  const choose = (button, window) => {
    buttons.forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    show(window);
  };
  const first = Math.max(0, windows.indexOf("1h"));
  if (windows.length > 0) choose(buttons[first], windows[first]);
  return section(
    "Usual amounts",
    h(
      "p",
      { class: "soft" },
      "What is expected of a window in which there is any activity: the median, and what one in a hundred exceeds.",
    ),
    h("div", { class: "segments", role: "group", "aria-label": "Length of the window" }, buttons),
    place,
  );
}

function traits(of) {
  const one = (trait) => {
    const value = (known) =>
      h(
        "li",
        null,
        id(known.value),
        h(
          "span",
          { class: "soft" },
          `${noun(known.days, "day", "days")}${known.last_seen === of.last_seen ? "" : `, last ${known.last_seen}`}`,
        ),
      );
    const list = h("ul", { class: "plain values" }, trait.values.slice(0, VALUES).map(value));
    const rest = trait.values.length - VALUES;
    const more =
      rest > 0 &&
      h(
        "button",
        {
          type: "button",
          class: "link",
          onclick: () => {
            more.remove();
            list.append(...trait.values.slice(VALUES).map(value));
          },
        },
        `${count(rest)} more`,
      );
    return h(
      "div",
      { class: "trait" },
      h("h3", null, plain(trait.trait)),
      h(
        "p",
        { class: "soft small" },
        `something new on ${noun(trait.novel_days, "day", "days")}${trait.saturated ? "; more values than are kept" : ""}`,
      ),
      list,
      more,
    );
  };
  const known = of.traits.filter((trait) => trait.values.length > 0);
  return known.length > 0 && section("Known values", h("div", { class: "traits" }, known.map(one)));
}

function learnt(of, told) {
  return [
    facts([
      ["Kind", [of.kind, of.kind === "identity" && plain(of.identity_kind)].filter(Boolean).join(", ")],
      ["Account", [of.provider, of.account].filter(Boolean).join(" ")],
      ["Role", of.role && of.role !== of.id && id(of.role)],
      ["Also known as", of.aliases.length > 0 && of.aliases.flatMap((alias, at) => [at > 0 ? ", " : "", id(alias)])],
      [
        "Seen",
        `${of.may_be_older ? "since before " : ""}${of.first_seen} to ${of.last_seen}, active on ${noun(of.active_days, "day", "days")}`,
      ],
      ["Events", count(of.events)],
      [
        "Judged against",
        of.chain.length > 0 &&
          h(
            "ol",
            { class: "plain" },
            of.chain.map((group) =>
              h(
                "li",
                null,
                `${plain(group.kind)} `,
                id(name(group.id)),
                h(
                  "span",
                  { class: "soft" },
                  ` ${noun(group.members, "member", "members")}${group.regularity ? `; ${group.regularity}` : ""}`,
                ),
              ),
            ),
          ),
      ],
    ]),
    told,
    of.rising.length > 0 &&
      section(
        "Rising",
        h("p", { class: "soft" }, "Daily amounts that rise above their slow level. This is no alert."),
        h(
          "ul",
          { class: "plain" },
          of.rising.map((one) =>
            h(
              "li",
              null,
              `${plain(one.metric)} since ${one.since}: ${amount(one.metric, one.before)} before, ${amount(one.metric, one.now)} now`,
            ),
          ),
        ),
      ),
    section("Hours of the week", heatMap(of.hours)),
    metrics(of.metrics),
    traits(of),
  ];
}

/** What each generation expected of an hour. */
function history(of) {
  if (of.generations.length < 2) return null;
  const [newest] = of.generations;
  const window = newest.metrics.some((one) => one.window === "1h") ? "1h" : newest.metrics[0]?.window;
  const p99 = (generation, metric) => generation.metrics.find((one) => one.metric === metric && one.window === window)?.p99;
  const shown = newest.metrics.filter((one) => one.window === window && one.active_per_day >= RARE);
  if (shown.length === 0) return null;
  const order = [...of.generations].reverse();
  return section(
    "Over the generations",
    h(
      "p",
      { class: "soft" },
      `What one in a hundred windows of ${span(window)} exceeds, by the generations that are kept: what was learnt each night. Bold is what moved by more than a half.`,
    ),
    table(
      "Over the generations",
      ["metric", ...order.map((one) => h("th", { scope: "col", class: "number" }, `${one.as_of}${one.in_force ? ", in force" : ""}`))],
      shown.map(({ metric }) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, plain(metric)),
          order.map((one, at) => {
            const [now, before] = [p99(one, metric), at > 0 ? p99(order[at - 1], metric) : undefined];
            const moved = before > 0 && now > 0 && (now / before > MOVED || before / now > MOVED);
            const words = now === undefined ? "–" : amount(metric, now);
            return h("td", { class: "number" }, moved ? h("b", null, words) : words);
          }),
        ),
      ),
    ),
  );
}

const isOf = (wanted) => (incident) => incident.entities.some((entity) => entity.id === wanted || entity.aliases?.includes(wanted));

/** One of them. */
export const entity = {
  title: "Entity",
  show(main, { id: wanted, signal }) {
    const baseline = h("div", { class: "flow", "aria-busy": "true" }, h("p", { class: "soft" }, "Loading…"));
    const head = h("h1", { tabindex: "-1" }, name(wanted));
    const full = h("p", { class: "soft id" }, wanted);
    const told = h("div");
    const incidentsOf = section("Incidents", told);
    // What keeps its baseline from being read keeps its incidents, too.
    incidentsOf.hidden = true;
    put(
      main,
      h(
        "div",
        { class: "view" },
        h("p", { class: "crumbs" }, h("a", { href: "#/entities" }, "Entities")),
        head,
        full,
        baseline,
        incidentsOf,
      ),
    );
    const loadBaseline = async () => {
      try {
        const path = `/v1/entities/${encodeURIComponent(wanted)}`;
        const [of, over] = await Promise.all([get(path, {}, signal), isReport ? null : get(`${path}/generations`, {}, signal)]);
        put(head, name(of.id));
        put(full, of.id);
        put(baseline, learnt(of, incidentsOf), over && history(over));
        baseline.removeAttribute("aria-busy");
        document.dispatchEvent(new Event("titled"));
        loadIncidents(of.id);
      } catch (problem) {
        if (problem.status === 404) {
          loadIncidents(wanted);
          baseline.removeAttribute("aria-busy");
          put(
            baseline,
            h(
              "div",
              { class: "notice" },
              h("h2", null, "No baseline"),
              h("p", null, coded(problem.detail)),
              h(
                "p",
                { class: "soft" },
                isReport
                  ? "It has the baselines of who takes part in its incidents, as the last day was judged by them. Who was new on that day has none yet."
                  : "Who is new has one from the next training on. Until then it is judged against its peers.",
              ),
            ),
          );
        } else await showProblem(baseline, problem, loadBaseline);
      }
    };
    const loadIncidents = async (id) => {
      incidentsOf.hidden = false;
      try {
        const answer = await get("/v1/incidents", { entity: id, limit: 20 }, signal);
        const all = answer.incidents.filter(isOf(id));
        put(told, all.length > 0 ? shortList(all) : h("p", { class: "soft" }, "None."));
      } catch (problem) {
        if (problem.status === 404) put(told, h("p", { class: "soft" }, "None."));
        else await showProblem(told, problem, () => loadIncidents(id));
      }
    };
    loadBaseline();
    return "top";
  },
};
