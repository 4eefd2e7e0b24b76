// The approvals of the configuration, and what each of them hid.

import { get, showProblem } from "./api.js";
import { facts, h, id, put } from "./dom.js";
import { noun, plain } from "./words.js";

function card(of) {
  return h(
    "li",
    { class: "card" },
    h("h2", null, of.reason),
    of.warnings.map((warning) => h("p", { class: "bad" }, "This approval ", warning.text, ".")),
    facts([
      ["Owner", of.owner],
      ["Expires", of.expires],
      [
        "Hid",
        of.hidden > 0 || of.last_hidden
          ? `${noun(of.hidden, "alert", "alerts")}${of.last_hidden ? `, the last at ${of.last_hidden}` : ""}`
          : "no alert so far",
      ],
      [
        "Covers",
        h(
          "ul",
          { class: "plain" },
          Object.entries(of.criteria).map(([criterion, values]) =>
            h(
              "li",
              null,
              h("span", { class: "soft" }, `${plain(criterion)}: `),
              values.flatMap((value, at) => [at > 0 ? ", " : "", id(value)]),
            ),
          ),
        ),
      ],
      ["Analytics", of.analytics === null ? "all" : of.analytics.join(", ")],
      ["Written at", h("span", { class: "id" }, `${of.file}:${of.line}`)],
      ["Id", id(of.id)],
    ]),
  );
}

/** The view. */
export const approvals = {
  title: "Approvals",
  show(main, { signal }) {
    const body = h("div", { class: "flow", "aria-busy": "true" }, h("p", { class: "soft" }, "Loading…"));
    put(
      main,
      h(
        "div",
        { class: "view" },
        h("h1", { tabindex: "-1" }, "Approvals"),
        h(
          "p",
          null,
          "An approval hides alerts on work that is known and sanctioned, until a day. It stands in the configuration. Add one with ",
          h("code", null, "plimsoll approve add --from ID"),
          ", which takes what it covers from an alert and shows what it would have hidden; ",
          h("code", null, "plimsoll approve propose"),
          " finds jobs that could have one.",
        ),
        body,
      ),
    );
    const load = async () => {
      try {
        const answer = await get("/v1/approvals", {}, signal);
        put(
          body,
          answer.approvals.length > 0
            ? h("ul", { class: "cards" }, answer.approvals.map(card))
            : h("div", { class: "notice" }, h("h2", null, "There are no approvals"), h("p", null, "Nothing is hidden.")),
        );
        body.removeAttribute("aria-busy");
      } catch (problem) {
        await showProblem(body, problem, load);
      }
    };
    load();
    return "top";
  },
};
