// The service ends, and begins again.

import { go, live } from "../browser.mjs";
import { reads } from "../records.mjs";
import { beginEstate, endEstate, estate, given } from "../service.mjs";
import { check, same, story } from "../story.mjs";

const { base } = estate;

story(
  "a page whose service is gone says so, and goes on when it is back",
  { base, expected: /Failed to load resource|ERR_/ },
  async (page) => {
    await live(page);
    const before = await page.locator(".incident").count();
    await page.evaluate(() => {
      globalThis.rows = new Map(Array.from(document.querySelectorAll(".incident"), (row) => [row.dataset.id, row]));
    });
    endEstate();
    await page.waitForSelector("#state >> text=connecting again");
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.waitForSelector("[role=alert] >> text=The service does not answer");
    same(await page.locator(".incident").count(), before, "what was shown stays");
    await page.evaluate(() => {
      location.hash = "#/coverage";
    });
    await page.waitForSelector("text=is `plimsoll serve` running".replaceAll("`", ""));
    await page.evaluate(() => {
      location.hash = "#/incidents";
    });

    beginEstate();
    await estate.untilThere();
    await estate.handOver(reads({ user: "while.away", day: given.day, hour: 22, objects: 300 }));
    await live(page);
    await page.waitForFunction(() => document.body.innerText.includes("while.away") || !document.querySelector(".news-button").hidden);
    const stayed = await page.evaluate(() =>
      Array.from(document.querySelectorAll(".incident"), (row) => globalThis.rows.get(row.dataset.id) === row),
    );
    check(stayed.filter(Boolean).length >= before - 1, "rows that were there stayed", stayed);
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.waitForFunction(() => document.getElementById("banner").textContent === "");
    await go(page, base, "#/coverage");
    await page.waitForSelector(".matrix");
  },
);
