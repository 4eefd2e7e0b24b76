// A verdict that nobody takes back.

import { go, live } from "../browser.mjs";
import { estate, verdictOn } from "../service.mjs";
import { same, story } from "../story.mjs";

const { base } = estate;

story("a verdict with a note is sent by itself, or as the page is left", { base }, async (page) => {
  await live(page);
  const ids = await page.locator(".incident").evaluateAll((rows) => rows.map((row) => row.dataset.id));
  await go(page, base, `#/incidents/${ids.at(-1)}`);
  await page.fill("#note", "an exercise, as announced");
  const sent = page.waitForResponse((response) => response.url().endsWith(`${ids.at(-1)}/verdict`));
  await page.locator(".verdict").getByRole("button", { name: "False" }).click();
  await page.waitForSelector("text=False, not sent yet");
  same((await sent).status(), 200, "the service takes it");
  const { verdict, note } = await verdictOn(ids.at(-1));
  same([verdict, note], [false, "an exercise, as announced"], "it is stored with its note");
  await page.reload();
  await page.waitForSelector("text=“an exercise, as announced”");

  await go(page, base, `#/incidents/${ids.at(-2)}`);
  await page.keyboard.press("f");
  await page.waitForSelector("text=False, not sent yet");
  await Promise.all([page.waitForRequest((request) => request.url().endsWith(`${ids.at(-2)}/verdict`)), page.goto("about:blank")]);
  await estate.until(`/v1/incidents/${ids.at(-2)}`, ({ incident }) => incident.verdict?.verdict === false);
});
