// What attackers write into logs stays text, wherever it is shown.

import { go, live, settled } from "../browser.mjs";
import { MARKUP, STEERING, arn, reads } from "../records.mjs";
import { estate, given } from "../service.mjs";
import { check, same, story } from "../story.mjs";

const { base } = estate;
/** Without a slash, after which a name would begin. */
const NAME = `eve"><img src=x onerror=alert(1)>`;
export const HOSTILE = `${NAME}${STEERING}`;

/** Demands that the page took none of it for anything but text. */
async function checkText(page, where) {
  const seen = await page.evaluate(() => {
    const elements = Array.from(document.querySelectorAll("*"));
    const attributes = elements.flatMap((element) => Array.from(element.attributes, (one) => one.value));
    return {
      made: document.querySelectorAll("body img, body script, body iframe, [onerror]").length,
      texts: [document.title, document.body.textContent, ...attributes].join("\n"),
    };
  });
  same(seen.made, 0, `no markup came of it in ${where}`);
  // eslint-disable-next-line no-control-regex
  const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f]/u.exec(seen.texts);
  same(
    steering && seen.texts.slice(Math.max(0, steering.index - 20), steering.index),
    null,
    `nothing turns, hides or colours text in ${where}`,
  );
}

story(
  "hostile names are text in the list, the story and the entity",
  { base, permissions: ["clipboard-read", "clipboard-write"], expected: /status of 404/ },
  async (page) => {
    await live(page);
    const bucket = (n) => `bucket-${n % 9}${MARKUP}${STEERING}`;
    await estate.handOver(reads({ user: HOSTILE, day: given.day, hour: 18, objects: 200, client: `agent${MARKUP}${STEERING}`, bucket }));
    const row = page.locator(".incident", { hasText: `eve"><img` });
    await row.waitFor();
    const written = "\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{7}\\u{1b}[31m";
    const title = await row.locator(".title").innerText();
    check(title.startsWith(`eve"><img src=x`) && title.includes("\\u{202e}"), "the list writes the name out", title);
    await checkText(page, "the list");

    await row.locator("a").click();
    await page.waitForSelector(".story");
    await settled(page);
    for (const closed of await page.locator("details:not([open]) > summary").all()) await closed.click();
    const text = await page.locator(".story").innerText();
    check(text.includes(`${NAME}${written}`), "the story writes the name out", text);
    check(text.includes(`bucket-0${MARKUP}${written}`), "it does so with buckets", text);
    check(text.includes(`agent${MARKUP}`), "it does so with the client", text);
    await checkText(page, "the story");
    await page.getByRole("button", { name: "Copy as text" }).click();
    await page.waitForSelector("text=Copied as text.");
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    check(
      copied.includes(`eve"><img src=x`) && !/[\u202e\u2066\u200b\u0007\u001b]/.test(copied),
      "what is copied has it written out",
      copied,
    );

    await page.locator(".decide a").first().click();
    await page.waitForFunction(() => location.hash.startsWith("#/entities/"));
    await page.waitForSelector("main .incident");
    await settled(page);
    check((await page.locator("main").innerText()).includes("No baseline"), "an identity without a baseline says so");
    await checkText(page, "the entity");

    await go(page, base, `#/incidents?entity=${encodeURIComponent(arn(HOSTILE))}`);
    same(await page.locator(".incident").count(), 1, "it is found by its whole name");
    await checkText(page, "the filter");
  },
);
