// The page where nobody may look without a token.

import { axe, go, live, settled } from "../browser.mjs";
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
      same(await page.evaluate(() => document.activeElement.id), "token", `the field for it has the focus in ${view}`);
      same(await page.locator(".filters:visible").count(), 0, `${view} has no filters while there is nothing to filter`);
      same(await page.locator("form:visible").count(), 1, `${view} asks once`);
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
    check(await page.locator(".filters").isVisible(), "what is there now can be filtered");
  },
);

story("who may only read is offered nothing to decide, and told why", { base: guarded.base, expected: /status of 401/ }, async (page) => {
  const { base } = guarded;
  const posts = [];
  page.on("request", (request) => request.method() !== "GET" && posts.push(request.url()));
  await page.getByLabel("Token").fill(given.secrets.reader);
  await page.keyboard.press("Enter");
  await page.waitForSelector(".incident");
  const why = "needs a token with the right approve; reader has only read";
  await page.keyboard.press("j");
  await page.keyboard.press("t");
  await page.waitForSelector(`.toast:has-text("A verdict ${why}")`);
  same(await page.locator(".incident.current .said").innerText(), "open", "the row says that it is open");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".story");
  check((await page.locator(".verdict").innerText()).includes(`A verdict ${why}`), "the story says so in place of the buttons");
  for (const key of ["f", "a"]) await page.keyboard.press(key);
  await page.waitForSelector(`.toast:has-text("An approval ${why}")`);
  same(await page.locator("dialog").count(), 0, "a opens nothing");
  same(await axe(page), [], "it is accessible");
  for (const view of ["incidents", `incidents/${await page.evaluate(() => location.hash.split("/").at(-1))}`, "tuning", "approvals"]) {
    await go(page, base, `#/${view}`);
    await settled(page);
    for (const name of [/^True/, /^False/, /^Approve/, /Put in force/, /Add an approval/, /Remove/])
      same(await page.getByRole("button", { name }).count(), 0, `${view} does not offer ${name}`);
    if (view !== "incidents") check((await page.locator("main").innerText()).includes(why), `${view} says why`);
  }
  same(posts, [], "nothing was asked that would be refused");
  await page.getByRole("button", { name: "Use another token" }).click();
  await page.waitForSelector("#token:focus");
});
