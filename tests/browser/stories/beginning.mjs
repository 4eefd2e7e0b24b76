// The page where nothing was learnt yet.

import { go } from "../browser.mjs";
import { given, service } from "../service.mjs";
import { check, same, story } from "../story.mjs";

const VIEWS = ["incidents", "incidents/abcdef123456", "entities", "entities/somebody", "coverage", "tuning"];
const first = service(given.first);

story(
  "where nothing was learnt each view says what to do, and goes on when that is done",
  { base: first.base, expected: /status of (404|503)/ },
  async (page) => {
    const { base } = first;
    for (const view of VIEWS) {
      await go(page, base, `#/${view}`);
      await page.waitForSelector("text=/Nothing was learnt yet|No baseline/");
    }
    await go(page, base, "");
    check((await page.locator("main").innerText()).includes("/v1/events"), "it says where logs are handed over");
    const asked = page.waitForResponse((response) => response.url().endsWith("/v1/generations"));
    await page.getByRole("button", { name: "Learn what was handed over" }).click();
    same((await asked).status(), 202, "a training begins");
    await page.waitForSelector("text=No incidents");
    check((await page.locator("main").innerText()).includes("appears here by itself"), "it says what comes next");
  },
);
