// The approvals of the configuration, and what each of them hid.

import { Problem, get, learnRights, mayDecide, notOffered, remove, showProblem } from "./api.js";
import { approve, forgetApproval } from "./approve.js";
import { ask, busy, facts, h, id, put, say } from "./dom.js";
import { isReport } from "./embedded.js";
import { toast } from "./verdict.js";
import { noun, plain } from "./words.js";

/** Takes an approval out of the configuration, if that is meant. */
async function takeBack(of, button, load) {
  const content = h(
    "p",
    null,
    "What it covers is told again from now on: ",
    h("b", null, of.reason),
    ". It is taken out of the configuration.",
  );
  const buttons = [
    ["cancel", "Cancel", "quiet"],
    ["remove", "Remove it", "main"],
  ];
  if ((await ask("Remove this approval?", content, buttons)) !== "remove") return;
  try {
    await busy(button, "Removing the approval", () => remove(`/v1/approvals/${encodeURIComponent(of.id)}`));
    forgetApproval(of.id);
    toast("The approval is removed.", 6);
    say("The approval is removed.");
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast(`It was not removed: ${problem.detail}. ${problem.hint ?? ""}`, 20);
  }
  load();
}

function card(of, load) {
  const button = h("button", { type: "button", class: "quiet", onclick: () => takeBack(of, button, load) }, "Remove…");
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
    mayDecide() && h("p", null, button),
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
          "An approval hides alerts on work that is known and sanctioned, until a day. It stands in the configuration. ",
          isReport ? h("code", null, "plimsoll approve add") : "An incident can be approved in its story",
          isReport ? " adds one; " : "; ",
          h("code", null, "plimsoll approve propose"),
          " finds jobs that could have one.",
        ),
        body,
      ),
    );
    const load = async () => {
      try {
        const [answer] = await Promise.all([get("/v1/approvals", {}, signal), learnRights()]);
        const add = h("button", { type: "button", onclick: async () => (await approve()) && load() }, "Add an approval…");
        put(
          body,
          !isReport && (mayDecide() ? h("p", null, add) : notOffered("Adding or removing one")),
          answer.approvals.length > 0
            ? h(
                "ul",
                { class: "cards" },
                answer.approvals.map((of) => card(of, load)),
              )
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
