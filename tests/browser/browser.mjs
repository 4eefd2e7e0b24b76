// A Chromium without a window, and pages in it that note whatever goes wrong.

import { accessSync, constants, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

import { given } from "./service.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** It says nothing to anybody on its own account, and needs neither rights nor memory that containers do not give: it opens no page but ours. */
const FLAGS = [
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--disable-sync",
  "--no-first-run",
  "--no-sandbox",
];
/** A desk, and a telephone. */
export const SIZES = { 1280: 900, 390: 844 };

const modules = createRequire(join(given.modules, "node_modules", "/"));

function executable() {
  for (const folder of process.env.PATH.split(delimiter)) {
    for (const name of NAMES) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // It is not there.
      }
    }
  }
  throw new Error(`none of ${NAMES.join(", ")} is in PATH`);
}

let launched = null;

/**
 * Opens a page at a hash. What its console and its network say was wrong is in `faults`, but for what `expected` matches: a browser notes
 * each answer that is no success.
 */
export async function open(base, hash = "", { width = 1280, dark = false, expected = null, ...more } = {}) {
  launched ??= modules("playwright-core").chromium.launch({ executablePath: executable(), args: FLAGS, timeout: given.patience_ms });
  const browser = await launched;
  const context = await browser.newContext({
    viewport: { width, height: SIZES[width] },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    ...more,
  });
  context.setDefaultTimeout(given.patience_ms);
  const page = await context.newPage();
  const faults = [];
  const note = (fault) => expected?.test(fault) || faults.push(fault);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && note(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => note(`exception: ${error.stack}`));
  page.on("dialog", (dialog) => {
    note(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  const origins = new Set([given.estate, given.first, given.guarded]);
  page.on("request", (request) => origins.has(new URL(request.url()).origin) || note(`request to elsewhere: ${request.url()}`));
  await page.exposeFunction("noteViolation", (what) => note(`policy: ${what}`));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => globalThis.noteViolation(`${event.violatedDirective} by ${event.blockedURI}`));
  });
  page.faults = faults;
  await go(page, base, hash);
  return page;
}

/** Goes to a view, and waits until it is read. */
export async function go(page, base, hash) {
  await page.goto(`${base}/${hash}`);
  await settled(page);
}

/** Waits until the view is read. */
export const settled = (page) =>
  page.waitForFunction(() => document.querySelector("main h1, main h2") !== null && document.querySelector("[aria-busy=true]") === null);

/** Waits until what happens is shown as it happens. */
export const live = (page) => page.waitForSelector("#state .live");

export async function close() {
  await (await launched)?.close();
}

/** Puts a picture of the page where a person finds it. */
export async function picture(page, name) {
  mkdirSync(given.pictures, { recursive: true });
  await page.screenshot({ path: join(given.pictures, `${name}.png`), fullPage: true });
}

/** Returns what axe finds of a page, in a sentence each: by some of its rules, or by all that say what is accessible. */
export async function axe(page, rules = null) {
  const runOnly = rules ?? ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  await page.evaluate(modules("axe-core").source);
  const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ["violations"] }), runOnly);
  return violations.map(({ impact, id, help, nodes }) => `${impact} ${id}: ${help}: ${nodes.map(({ target }) => target).join(", ")}`);
}
