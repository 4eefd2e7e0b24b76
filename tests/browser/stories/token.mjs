// The page where nobody may look without a token.

import { go, live } from "../browser.mjs";
import { reads } from "../records.mjs";
import { given, service } from "../service.mjs";
import { check, same, story } from "../story.mjs";

const VIEWS = ["incidents", "incidents/abcdef123456", "entities", "entities/somebody", "coverage", "tuning", "approvals"];
const guarded = service(given.guarded, given.secrets.writer);

story(
  "a page without a token asks for one, and takes only a right one",
  { base: guarded.base, expected: /status of 40[13]/ },
  async (page) => {
    const { base } = guarded;
    await guarded.handOver(reads({ user: "seen.by.few", day: given.day, hour: 20, objects: 200 }));
    for (const view of VIEWS) {
      await go(page, base, `#/${view}`);
      check((await page.locator("main").innerText()).includes("A token is needed"), `${view} asks for a token`);
    }
    await go(page, base, "#/incidents");
    await page.getByLabel("Token").fill("wrong-0123456789abcdef");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[role=alert] >> text=no such token");
    await page.getByLabel("Token").fill(given.secrets.reader);
    await page.keyboard.press("Enter");
    await page.waitForSelector(".incident");
    await live(page);
    same(
      await page.evaluate(() => [Object.keys(localStorage), Object.keys(sessionStorage)]),
      [[], ["plimsoll-token"]],
      "the token is kept for the tab alone",
    );
    check(!page.url().includes("0123456789"), "it is not in the address", page.url());
    // Who may only read can decide nothing, and is told so.
    await page.keyboard.press("j");
    await page.keyboard.press("t");
    await page.waitForSelector("text=The verdict was not stored");
    same(await page.locator(".incident.current .said").innerText(), "open", "the row says that it is open");
  },
);
