// The page of a backtest in a browser: `node tests/browser/report.mjs REPORT MODULES`, where MODULES is a folder with playwright-core and
// axe-core in its node_modules. The report is one with labels. Exits with 1 if something is not as it should be.

import assert from "node:assert/strict";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

const [report, folder] = process.argv.slice(2).map((path) => resolve(path));
const base = pathToFileURL(report).href;
const modules = createRequire(join(folder, "node_modules", "/"));
const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = ["--disable-background-networking", "--disable-gpu", "--no-first-run", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])];
/** A desk, and a telephone. */
const SIZES = { 1280: 900, 390: 844 };
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

function executable() {
  const all = process.env.PATH.split(delimiter).flatMap((path) => NAMES.map((name) => join(path, name)));
  const found = all.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  assert.ok(found, `none of ${NAMES.join(", ")} is in PATH`);
  return found;
}

const browser = await modules("playwright-core").chromium.launch({ executablePath: executable(), args: FLAGS });
after(() => browser.close());

/** Opens the report at a hash. What is wrong meanwhile is in `faults`. */
async function open(hash, { width = 1280, dark = false, file = base, ...more } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: SIZES[width] },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    ...more,
  });
  const page = await context.newPage();
  page.faults = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(error.stack));
  page.on("dialog", (dialog) => {
    page.faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => request.url().split("#")[0] === file || page.faults.push(`request: ${request.url()}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} by ${event.blockedURI}`));
  });
  await page.goto(file + hash);
  await settled(page);
  return page;
}

/** Waits until the view is there. */
const settled = (page) =>
  page.waitForFunction(
    () => document.querySelector("main h1, main h2, noscript") !== null && document.querySelector("[aria-busy=true]") === null,
  );

/** Goes to a view by its link in the page. */
async function go(page, hash) {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await settled(page);
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function axe(page) {
  await page.evaluate(modules("axe-core").source);
  const { violations } = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules }), RULES);
  return violations.map(({ impact, id, help, nodes }) => `${impact} ${id}: ${help}: ${nodes.map(({ target }) => target).join(", ")}`);
}

/** What the page has, as a reader of the file finds it. */
async function documents() {
  const page = await open("");
  const found = await page.evaluate(() => {
    const index = JSON.parse(document.getElementById("answers").textContent);
    const at = (path) => JSON.parse(document.getElementById(`answer-${index[path]}`).textContent);
    return {
      incidents: at("/v1/incidents").incidents.map(({ incident_id: id, label, end, title, alerts }) => ({
        id,
        label,
        end,
        title,
        n: alerts.length,
      })),
      entities: at("/v1/entities").entities.map(({ id }) => id),
      n_labels: at("/v1/backtest").summary.evaluation.all.labels,
    };
  });
  assert.deepEqual(page.faults, []);
  await page.context().close();
  return found;
}

const { incidents, entities, n_labels: nLabels } = await documents();
const weightiest = incidents.reduce((a, b) => (b.n > a.n ? b : a));
const VIEWS = [
  "#/backtest",
  "#/incidents",
  `#/incidents/${weightiest.id}`,
  "#/entities",
  `#/entities/${encodeURIComponent(entities[0])}`,
  "#/coverage",
  "#/tuning",
  "#/approvals",
];

/** Tells a story on a page of its own, on which nothing may go wrong. */
const story = (name, hash, options, tell) =>
  test(name, async () => {
    const page = await open(hash, options);
    await tell(page);
    assert.deepEqual(page.faults, [], "nothing goes wrong meanwhile");
    await page.context().close();
  });

for (const width of [1280, 390]) {
  for (const dark of [false, true]) {
    story(
      `each view fits ${width} pixels and has no fault that axe knows, ${dark ? "dark" : "light"}`,
      "",
      { width, dark },
      async (page) => {
        for (const view of VIEWS) {
          await go(page, view);
          assert.ok((await overflow(page)) <= 0, `${view} scrolls sideways`);
          assert.deepEqual(await axe(page), [], view);
        }
      },
    );
  }
}

story("the list is that of the file, the newest first, and labels filter it", "", {}, async (page) => {
  const rows = () => page.locator("ol.incidents > li").evaluateAll((all) => all.map((one) => one.dataset.id));
  while (await page.getByRole("button", { name: "Show older ones" }).isVisible())
    await page.getByRole("button", { name: "Show older ones" }).click();
  assert.deepEqual(
    await rows(),
    incidents.map(({ id }) => id),
  );
  for (const label of ["true", "false"]) {
    await page.getByLabel("Labels say").selectOption(label);
    await page.waitForFunction((word) => location.hash.includes(`label=${word}`), label);
    await settled(page);
    const wanted = incidents.filter((one) => String(one.label) === label);
    assert.deepEqual(
      await rows(),
      wanted.slice(0, 100).map(({ id }) => id),
    );
    const words = await page.locator("ol.incidents .said").allTextContents();
    assert.ok(
      words.every((word) => word === label),
      label,
    );
  }
});

story("a story opens at its top, no wider than the page, and the list comes back where it was", "", { width: 390 }, async (page) => {
  const last = page.locator("ol.incidents > li").last();
  await last.scrollIntoViewIfNeeded();
  const before = await page.evaluate(() => scrollY);
  await last.locator("a").click();
  await page.waitForSelector("article.story");
  await settled(page);
  assert.equal(await page.evaluate(() => scrollY), 0);
  assert.ok((await overflow(page)) <= 0);
  for (const summary of await page.locator("details.alert > summary").all()) {
    const isOpen = () => summary.evaluate((one) => one.parentElement.open);
    const at = await summary.boundingBox();
    const wasOpen = await isOpen();
    await summary.click();
    assert.notEqual(await isOpen(), wasOpen);
    assert.ok((await overflow(page)) <= 0, "an alert that is opened or folded makes the page wider");
    assert.equal(Math.round((await summary.boundingBox()).x), Math.round(at.x), "it moves sideways");
  }
  await page.goBack();
  await settled(page);
  assert.ok(Math.abs((await page.evaluate(() => scrollY)) - before) < 400, "the list comes back where it was");
});

story("keys go through the list and back, and give no verdict", "", {}, async (page) => {
  await page.keyboard.press("j");
  await page.keyboard.press("t");
  assert.equal(await page.locator(".toast").count(), 0);
  await page.keyboard.press("Enter");
  await page.waitForSelector("article.story");
  assert.ok((await page.locator(".crumbs .id").textContent()).startsWith(incidents[0].id.slice(0, 8)));
  await page.keyboard.press("j");
  await page.waitForFunction((id) => location.hash.includes(id), incidents[1].id);
  await page.keyboard.press("f");
  assert.equal(await page.locator(".toast").count(), 0);
  await page.keyboard.press("Escape");
  await page.waitForSelector("ol.incidents");
});

story("nothing of a service is there: no state, no verdict, no token, nothing to put in force", "#/incidents", {}, async (page) => {
  for (const view of VIEWS) {
    await go(page, view);
    assert.equal(await page.locator("#state").count(), 0);
    for (const name of [/^True/, /^False/, /Put in force/, /Try again/, /token/i, /Learn/]) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, `${view}: ${name}`);
    }
  }
  await go(page, `#/incidents/${weightiest.id}`);
  assert.ok((await page.locator(".commands code").count()) > 3);
  await go(page, "#/tuning");
  assert.match(await page.locator("main").textContent(), /plimsoll tune --budget .*--apply|Too early/);
});

story("the backtest is summed up, with a row for each analytic and an interval for each share", "#/backtest", {}, async (page) => {
  assert.equal(await page.locator("nav a").first().textContent(), "Backtest");
  const tiles = await page.locator(".tile dt").allTextContents();
  for (const tile of ["Incidents a day", "Recall", "Precision", "Days judged", "Events read"]) assert.ok(tiles.includes(tile), tile);
  const sum = await page.locator("tr.sum td").allTextContents();
  assert.equal(Number(sum[0].replaceAll(",", "")), nLabels);
  assert.match(sum[4], /%.*–/);
});

story("what the report does not have it says", `#/entities/${encodeURIComponent("arn:aws:iam::1:user/nobody")}`, {}, async (page) => {
  assert.match(await page.locator(".notice").textContent(), /this report does not have it.*who takes part in its incidents/s);
  await go(page, "#/incidents/i00000000");
  assert.match(await page.locator(".notice").textContent(), /There is no such thing/);
});

story("a short id opens what it begins, as in the service, and entities open by a part of their ids", "", {}, async (page) => {
  const [{ id, title }] = incidents;
  for (const short of [id.slice(0, 8), id.slice(0, 12).toUpperCase()]) {
    await go(page, `#/incidents/${short}`);
    assert.equal(await page.locator(".story h1").textContent(), title);
  }
  await go(page, `#/incidents/${id.slice(0, 5)}`);
  assert.match(await page.locator(".notice").textContent(), /too short for an id.*first 6 characters/s);
  const whole = entities.find((one) => entities.filter((other) => other.includes(one.slice(-12))).length === 1);
  await go(page, `#/entities/${encodeURIComponent(whole.slice(-12))}`);
  assert.equal(await page.locator("h1 + .id").textContent(), whole);
});

test("a short id with which several begin says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-report-"));
  try {
    const [first, second] = incidents;
    const alike = first.id.slice(0, 10) + [...second.id.slice(10)].reverse().join("");
    writeFileSync(join(folder, "report.html"), readFileSync(report, "utf8").replaceAll(second.id, alike));
    const page = await open(`#/incidents/${alike.slice(0, 10)}`, { file: pathToFileURL(join(folder, "report.html")).href });
    const said = await page.locator(".notice").textContent();
    assert.match(said, /2 incidents of this report begin with/);
    for (const id of [first.id, alike]) assert.ok(said.includes(id), said);
    await go(page, `#/incidents/${alike}`);
    assert.equal(await page.locator(".story h1").textContent(), second.title);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

story("names are text, whatever is in them", "", {}, async (page) => {
  for (const { id } of incidents.slice(0, 50)) {
    await go(page, `#/incidents/${id}`);
    assert.equal(await page.locator("main :is(img, script, iframe, object, link, style)").count(), 0);
    assert.doesNotMatch(await page.locator("main").textContent(), /[\u202a-\u202e\u2066-\u2069\u2028\u0007\u001b]/);
  }
});

test("without scripts the page says where else it is", async () => {
  const page = await open("", { javaScriptEnabled: false }).catch((error) => error);
  assert.ok(!(page instanceof Error), page);
  assert.match(await page.locator("noscript").textContent(), /incidents\.jsonl/);
  await page.context().close();
});
