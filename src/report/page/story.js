// The story of an incident: first what somebody decides by, then what it rests on.

import { get, learnRights, mayDecide, showProblem } from "./api.js";
import { approve, approvedWords } from "./approve.js";
import { lanes } from "./charts.js";
import { facts, h, id, put, section, table } from "./dom.js";
import { isReport } from "./embedded.js";
import { href, labelMark, neighbour, remember, severity } from "./incidents.js";
import { listen } from "./live.js";
import { give, refuse, toast, verdictForm } from "./verdict.js";
import {
  actors,
  ago,
  bytes,
  count,
  day,
  duration,
  entityName,
  extent,
  minute,
  name,
  noun,
  period,
  plain,
  secs,
  stages,
  through,
} from "./words.js";
import { alertDetails } from "./why.js";

/** What is shown at once of things, alerts and moments. */
const LISTED = 8;
const ALERTS = 6;
const MOMENTS = 24;
const DEEDS = [
  ["listed", "Listed"],
  ["read", "Read"],
  ["deleted", "Deleted"],
  ["sent", "Sent out"],
];
const ORDER = ["low", "medium", "high", "critical"];
const EXTENT_ROWS = [
  ["calls", "Calls", "list_calls", "listings"],
  ["objects", "Objects", "objects_read", "read"],
  ["buckets", "Buckets", "buckets_listed", "listed"],
  ["destinations", "Destinations outside"],
  ["addresses", "Addresses"],
  ["bytes_read", "Bytes read"],
  ["bytes_out", "Bytes sent out"],
];
const ORIGINS = { sign_in: "signed in there", issuance: "a credential was issued to it", creation: "an identity was created from it" };
const PARTS = { actor: "actor", member: "shows the new value", created_by: "created them", assumed: "their rights were taken by" };

const entityLink = (entity) => h("a", { href: `#/entities/${encodeURIComponent(entity.id)}`, class: "id" }, entityName(entity));

/** Adds up what alerts say of a thing, of each the largest: several analytics count the same acts. */
function largest(alerts, list, key, parts) {
  const found = new Map();
  for (const alert of alerts) {
    for (const one of alert[list] ?? []) {
      const known = found.get(one[key]) ?? { ...one };
      for (const part of parts) known[part] = Math.max(known[part] ?? 0, one[part] ?? 0);
      found.set(one[key], known);
    }
  }
  return [...found.values()];
}

/** Things of which only the first are shown at once. */
function first(all, limit, add) {
  add(all.slice(0, limit));
  if (all.length <= limit) return null;
  const more = h(
    "button",
    {
      type: "button",
      class: "link",
      onclick: () => {
        more.remove();
        add(all.slice(limit));
      },
    },
    `${count(all.length - limit)} more`,
  );
  return more;
}

/** A list of which only the first are shown at once. */
function some(items, render, limit = LISTED) {
  if (items.length === 0) return null;
  const list = h("ul", { class: "plain" });
  return [list, first(items, limit, (some) => list.append(...some.map((item) => h("li", null, render(item)))))];
}

const accountOf = (entity) => [entity.provider, entity.account].filter(Boolean).join(" ");
const seconds = (incident) => secs(incident.end) - secs(incident.start);

function decide(incident, alerts) {
  const buckets = largest(alerts, "resources", "bucket", ["calls", "denied", "objects", "bytes"]).filter((one) => one.sensitive);
  const outside = largest(alerts, "destinations", "address", ["bytes"])
    .filter((one) => one.external)
    .sort((a, b) => b.bytes - a.bytes);
  const sources = (incident.sources ?? []).filter((one) => one.is_of_act);
  const addresses = [
    ...new Map(
      (sources.length > 0 ? sources : (incident.sources ?? [])).filter((one) => one.address).map((one) => [one.address, one]),
    ).values(),
  ];
  const accounts = [...new Set(actors(incident).map(accountOf).filter(Boolean))];
  const lasts = seconds(incident) >= 60 ? `, ${duration(seconds(incident))}` : "";
  return facts(
    [
      [
        "Who",
        some(
          actors(incident),
          (entity) => [
            entityLink(entity),
            h(
              "span",
              { class: "soft" },
              ` ${[plain(entity.identity_kind ?? entity.kind), accounts.length > 1 && accountOf(entity)].filter(Boolean).join(", ")}`,
            ),
          ],
          3,
        ),
        accounts.length === 1 && h("div", { class: "soft" }, accounts[0]),
      ],
      ["Through", some(through(incident, alerts), ([words, entity]) => [`${words} `, entityLink(entity)], 3)],
      [
        "When",
        `${period(incident.start, incident.end)} UTC${lasts}${isReport ? "" : incident.status === "closed" ? `; ended ${ago(incident.end)}` : "; its day is not over"}`,
      ],
      ["How much", extent(incident.extent, ["calls", "objects", "buckets", "addresses"]).join(", ")],
      [
        "From",
        some(
          addresses,
          (one) => [id(one.address), h("span", { class: "soft" }, ` ${[one.network, one.country].filter(Boolean).join(", ")}`)],
          3,
        ),
      ],
      [
        "Sensitive",
        buckets.length > 0
          ? some(buckets, (one) => [id(one.bucket), h("span", { class: "soft" }, ` ${extentOf(one)}`)], 3)
          : "no sensitive bucket",
      ],
      [
        "Sent outside",
        outside.length > 0
          ? some(outside, (one) => [id(one.address), h("span", { class: "soft" }, one.bytes > 0 ? ` ${bytes(one.bytes)}` : "")], 3)
          : "nothing known",
      ],
      [
        "Cause",
        incident.cause &&
          `${plain(incident.cause.trait)} ${incident.cause.value} is new to ${noun(incident.cause.members, "identity", "identities")}, since ${incident.cause.since}`,
      ],
    ],
    { class: "facts decide" },
  );
}

const extentOf = (one) =>
  [
    `${noun(one.calls, "call", "calls")}${one.denied > 0 ? ` (${one.denied === one.calls ? "" : `${count(one.denied)} `}denied)` : ""}`,
    one.objects > 0 && noun(one.objects, "object", "objects"), one.bytes > 0 && bytes(one.bytes),
    one.owner && `owner ${one.owner}`,
  ]
    .filter(Boolean)
    .join(", ");

function when(incident, alerts) {
  const rows = DEEDS.map(([deed, words]) => {
    const spans = alerts
      .flatMap((alert) => alert.spans ?? [])
      .filter((one) => one.deed === deed)
      .map((one) => [one.first, one.last]);
    return { words, spans: [...new Map(spans.map((one) => [one.join(), one])).values()] };
  }).filter((row) => row.spans.length > 0);
  const crossings = [...new Set(alerts.map((alert) => alert.crossed_at).filter(Boolean))];
  const order = stages(incident);
  if (rows.length === 0 && order.length === 0) return null;
  return section(
    "Stages",
    order.length > 0 &&
      h(
        "ol",
        { class: "stages" },
        order.map((stage) => h("li", null, stage)),
      ),
    rows.length > 0 && lanes(rows, crossings, [incident.start, incident.end]),
  );
}

function timeline(incident) {
  if (incident.timeline.length === 0) return null;
  let last = "";
  const isOne = new Set(incident.timeline.map((moment) => moment.entity)).size === 1;
  const items = incident.timeline.flatMap((moment) => {
    const heads = day(moment.time) === last ? [] : [h("li", { class: "day" }, day(moment.time))];
    last = day(moment.time);
    const kind = /threshold|score/.test(moment.what) ? "reached" : "";
    return [
      ...heads,
      h(
        "li",
        { class: kind },
        h("time", { datetime: moment.time, title: moment.event_id ? `event ${moment.event_id}` : false }, moment.time.slice(11, 19)),
        h("span", null, moment.what, !isOne && h("span", { class: "soft" }, " · ", name(moment.entity))),
      ),
    ];
  });
  const list = h("ol", { class: "timeline" });
  const more = first(items, MOMENTS, (some) => list.append(...some));
  return section(
    "Timeline",
    list,
    more,
    incident.timeline_omitted > 0 && h("p", { class: "soft" }, `and ${noun(incident.timeline_omitted, "other moment", "other moments")}`),
  );
}

function amounts(incident) {
  const [then, whole] = [incident.extent_at_crossing ?? {}, incident.extent ?? {}];
  const rows = EXTENT_ROWS.filter(([part]) => whole[part] > 0 || then[part] > 0);
  if (rows.length === 0) return null;
  const show = (part, n) => (part.startsWith("bytes") ? bytes(n ?? 0) : count(n ?? 0));
  return section(
    "How much",
    table(
      "How much",
      ["", "when the threshold was reached", incident.status === "closed" ? "in the end" : "when it was told last"],
      rows.map(([part, words, of, done]) =>
        h(
          "tr",
          null,
          h("th", { scope: "row" }, words),
          h("td", { class: "number" }, show(part, then[part])),
          h(
            "td",
            { class: "number" },
            show(part, whole[part]),
            of && whole[of] > 0 && h("span", { class: "soft" }, ` (${count(whole[of])} ${done})`),
          ),
        ),
      ),
    ),
    incident.crossed_at && h("p", { class: "soft small" }, `The first threshold was reached at ${incident.crossed_at}.`),
    incident.status !== "closed" &&
      h(
        "p",
        { class: "soft small" },
        "There may be more by now: it is told again when its severity rises, its score rises by five points or an amount grows tenfold, and when its day is over.",
      ),
  );
}

function from(incident) {
  const sources = incident.sources ?? [];
  const origins = incident.origins ?? [];
  if (sources.length === 0 && origins.length === 0) return null;
  const isTold = sources.some((one) => one.is_of_act);
  return section(
    "From where",
    sources.length > 0 &&
      table(
        "From where",
        ["address", "network", "country", "client", "session", "credential", "calls", "objects", "bytes"],
        sources.map((one) =>
          h(
            "tr",
            { class: isTold && !one.is_of_act ? "beside" : "" },
            h("td", null, id(one.address ?? "–"), isTold && !one.is_of_act && h("span", { class: "tag" }, "not of the act")),
            h("td", null, one.network ?? "–"),
            h("td", null, one.country ?? "–"),
            h("td", null, one.client ?? "–"),
            h("td", null, id(one.session ?? "–")),
            h("td", null, id(one.credential ?? "–")),
            h("td", { class: "number" }, count(one.calls)),
            h("td", { class: "number" }, count(one.objects)),
            h("td", { class: "number" }, bytes(one.bytes)),
          ),
        ),
      ),
    origins.length > 0 &&
      h(
        "ul",
        { class: "plain" },
        origins.map((one) => h("li", null, id(one.address), `: ${ORIGINS[one.kind] ?? plain(one.kind)}`)),
      ),
  );
}

function touched(alerts) {
  const buckets = largest(alerts, "resources", "bucket", ["calls", "denied", "objects", "bytes"]).sort(
    (a, b) => b.sensitive - a.sensitive || b.calls - a.calls,
  );
  const destinations = largest(alerts, "destinations", "address", ["bytes"]).sort(
    (a, b) => Number(b.external) - Number(a.external) || b.bytes - a.bytes,
  );
  if (buckets.length === 0 && destinations.length === 0) return null;
  return section(
    "Buckets and destinations",
    buckets.length > 0 &&
      table(
        "Buckets",
        ["bucket", "", "calls", "of them denied", "objects", "bytes"],
        buckets.map((one) =>
          h(
            "tr",
            null,
            h("td", null, id(one.bucket)),
            h("td", null, one.sensitive && h("span", { class: "tag strong" }, "sensitive"), one.owner && ` owner ${one.owner}`),
            h("td", { class: "number" }, count(one.calls)),
            h("td", { class: "number" }, count(one.denied ?? 0)),
            h("td", { class: "number" }, count(one.objects)),
            h("td", { class: "number" }, bytes(one.bytes)),
          ),
        ),
      ),
    destinations.length > 0 &&
      table(
        "Destinations",
        ["destination", "", "bytes"],
        destinations.map((one) =>
          h(
            "tr",
            null,
            h("td", null, id(one.address === "*" ? "everybody" : one.address)),
            h(
              "td",
              null,
              one.external === true ? h("span", { class: "tag strong" }, "outside") : one.external === false ? "ours" : "not known whose",
            ),
            h("td", { class: "number" }, one.bytes > 0 ? bytes(one.bytes) : "–"),
          ),
        ),
      ),
  );
}

function parties(incident) {
  return section(
    "Who",
    table(
      "Who",
      ["part", "identity", "kind", "account", "first seen", "alerts"],
      incident.entities.map((entity) =>
        h(
          "tr",
          null,
          h("td", null, PARTS[entity.part] ?? plain(entity.part)),
          h("td", null, entityLink(entity), h("div", { class: "soft small id" }, entity.id)),
          h("td", null, plain(entity.identity_kind ?? entity.kind)),
          h("td", null, [entity.provider, entity.account].filter(Boolean).join(" ")),
          h(
            "td",
            null,
            entity.created
              ? [
                  `created ${entity.created.time.slice(0, 16).replace("T", " ")}`,
                  entity.created.by && [" by ", id(name(entity.created.by))],
                ]
              : (entity.first_seen?.slice(0, 10) ?? "–"),
          ),
          h("td", { class: "number" }, entity.alerts > 0 ? count(entity.alerts) : "–"),
        ),
      ),
    ),
  );
}

function found(incident) {
  const all = incident.findings ?? [];
  return all.length === 0
    ? null
    : section(
        "Found by other detectors",
        h(
          "ul",
          { class: "plain" },
          all.map((one) =>
            h(
              "li",
              null,
              h("time", { datetime: one.time }, one.time.slice(0, 16).replace("T", " ")),
              " ",
              h("b", null, one.severity),
              ` ${one.title ?? one.kind} (${one.detector})`,
              one.seen_days > 0 && h("span", { class: "soft" }, `, found on ${one.seen_days} of ${one.of_days} days before`),
            ),
          ),
        ),
      );
}

/** Whether what is done next stands beside the story, and not under it. */
const isWide = () => matchMedia("(min-width: 62rem)").matches;

const steps = (incident) =>
  incident.next_steps.length > 0 &&
  h(
    "details",
    { open: isWide() },
    h("summary", null, h("h2", null, "Next steps")),
    h(
      "ol",
      { class: "next" },
      incident.next_steps.map((step) => h("li", null, step)),
    ),
  );

const LABELS = { true: "True: an alert of it is about a labelled attack.", false: "False: no alert of it is about a labelled attack." };

/** What stands in a report where the service takes a verdict. */
const labelBox = ({ label }) => label !== undefined && h("div", { class: "verdict" }, h("h2", null, "Labels"), h("p", null, LABELS[label]));

/** In a report, the commands for what is done next. */
const commands = (all = []) =>
  all.length > 0 &&
  h(
    "details",
    { open: isWide() },
    h("summary", null, h("h2", null, "Commands")),
    h(
      "dl",
      { class: "commands" },
      all.map(({ purpose, command }) => [
        h("dt", null, purpose),
        h(
          "dd",
          null,
          h(
            "code",
            null,
            command.split(" ").flatMap((word, at) => [at > 0 && " ", h("span", null, word)]),
          ),
        ),
      ]),
    ),
  );

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied as text.", 3);
  } catch {
    // Without a clipboard, as on a page that is not encrypted, it can be copied by hand.
    const area = h("textarea", { class: "copied", rows: "12", readonly: true, "aria-label": "The incident as text" });
    area.value = text;
    button.after(area);
    area.select();
  }
}

/** The text for a ticket. The service writes out what could steer it. */
const textOf = ({ text, incident }) => text ?? `${incident.severity.toUpperCase()} ${incident.title}\n${incident.incident_id}\n`;

let current = null;

/** Says of the incident that is shown that it was approved here. */
function showApproved() {
  const words = approvedWords(current.incident);
  current.approved.hidden = words === null;
  if (words !== null) put(current.approved, h("p", { class: "notice" }, `${words}. `, h("a", { href: "#/approvals" }, "Approvals")));
}

function why(alerts, sentences) {
  const order = alerts
    .map((alert, at) => [alert, sentences?.[at]])
    .sort(([a], [b]) => ORDER.indexOf(b.severity) - ORDER.indexOf(a.severity) || b.score - a.score);
  const list = h("div");
  const all = order.map(([alert, words], at) => alertDetails(alert, words, at === 0));
  const more = first(all, ALERTS, (some) => list.append(...some));
  return section(alerts.length === 1 ? "Why" : `Why: ${noun(alerts.length, "alert", "alerts")}, the severest first`, list, more);
}

function render(main, answer) {
  const { incident, alerts, sentences } = answer;
  const verdict = isReport ? labelBox(incident) : verdictForm(incident);
  const button = h("button", { type: "button", onclick: () => copy(textOf(answer), button) }, "Copy as text");
  const marker = h("button", { type: "button", class: "news-button", hidden: true }, "It has grown. Show it as it is now");
  const approved = h("div");
  current = { id: incident.incident_id, incident, verdict, marker, approved };
  showApproved();
  const state = [
    incident.suppressed && "approved",
    incident.provisional && "provisional",
    incident.status === "closed" ? null : `going on, as of ${minute(incident.end)}`,
  ].filter(Boolean);
  put(
    main,
    h(
      "article",
      { class: "view story" },
      h(
        "p",
        { class: "crumbs" },
        h("a", { href: "#/incidents" }, "Incidents"),
        " / ",
        id(incident.incident_id.slice(0, 8), { title: incident.incident_id }),
      ),
      h("div", { class: "float" }, marker),
      h(
        "header",
        null,
        h(
          "p",
          { class: "grade" },
          severity(incident.severity),
          h("span", null, `score ${incident.score.toFixed(1)}`),
          state.map((word) => h("span", { class: "tag" }, word)),
          isReport && labelMark(incident.label),
        ),
        h("h1", { tabindex: "-1" }, incident.title),
        h("p", { class: "soft" }, incident.severity_reason),
      ),
      incident.merged_into &&
        h(
          "p",
          { class: "notice" },
          "It is now part of ",
          h("a", { href: href(incident.merged_into) }, incident.merged_into.slice(0, 8)),
          ".",
        ),
      incident.continues &&
        h("p", { class: "soft" }, "It goes on from ", h("a", { href: href(incident.continues) }, incident.continues.slice(0, 8)), "."),
      incident.beyond &&
        h(
          "p",
          { class: "soft" },
          `${noun(incident.beyond.alerts, "more alert is", "more alerts are")} in `,
          h("a", { href: href(incident.beyond.incident_id) }, incident.beyond.incident_id.slice(0, 8)),
          ".",
        ),
      h(
        "div",
        { class: "columns" },
        decide(incident, alerts),
        h(
          "div",
          { class: "body" },
          when(incident, alerts),
          why(alerts, sentences),
          amounts(incident),
          touched(alerts),
          from(incident),
          parties(incident),
          found(incident),
          timeline(incident),
        ),
        h(
          "aside",
          { "aria-label": "What to do" },
          verdict,
          h(
            "div",
            { class: "line" },
            button,
            mayDecide() && h("button", { type: "button", onclick: () => approve(incident) }, "Approve…", h("kbd", null, "a")),
          ),
          approved,
          steps(incident),
          commands(answer.commands),
        ),
      ),
    ),
  );
  return marker;
}

/** The view. */
export const story = {
  title: "Incident",
  show(main, { id: wanted, signal }) {
    current = null;
    remember(wanted);
    const load = async (isAnew = false) => {
      if (!isAnew) put(main, h("div", { class: "view", "aria-busy": "true" }, h("p", { class: "soft" }, "Loading…")));
      try {
        const [answer] = await Promise.all([get(`/v1/incidents/${encodeURIComponent(wanted)}`, {}, signal), learnRights()]);
        remember(answer.incident.incident_id);
        const top = scrollY;
        const marker = render(main, answer);
        marker.addEventListener("click", () => load(true));
        if (isAnew) scrollTo({ top });
        else if (document.activeElement === document.body || document.activeElement === main)
          main.querySelector("h1").focus({ preventScroll: true });
        document.dispatchEvent(new Event("titled"));
      } catch (problem) {
        const place = h("div", { class: "view" }, h("p", { class: "crumbs" }, h("a", { href: "#/incidents" }, "Incidents")));
        const body = h("div");
        place.append(body);
        put(main, place);
        await showProblem(body, problem, () => load());
      }
    };
    load();
    return "top";
  },
  leave() {
    current = null;
  },
  key(key) {
    if (key === "Escape") location.hash = "#/incidents";
    else if (current === null) return false;
    else if ((key === "t" || key === "f") && !isReport) give(current.incident, key === "t", current.verdict.note.value.trim());
    else if (key === "a" && !isReport) {
      if (mayDecide()) approve(current.incident);
      else refuse("An approval");
    } else if (key === "j" || key === "k") {
      const next = neighbour(current.id, key === "j" ? 1 : -1);
      if (next === undefined) return false;
      location.replace(href(next));
    } else return false;
    return true;
  },
};

document.addEventListener("approved", ({ detail }) => current?.id === detail && showApproved());
document.addEventListener("verdict", ({ detail }) => current?.id === detail && current.verdict.update());

listen((kind, incident) => {
  if (kind === "incident" && current !== null && (incident.incident_id === current.id || incident.merged?.includes(current.id)))
    current.marker.hidden = false;
});
