// What happens on the page while it is looked at.

import { live } from "../browser.mjs";
import { reads } from "../records.mjs";
import { estate, given } from "../service.mjs";
import { check, same, story } from "../story.mjs";

const { base } = estate;
const { day } = given;

const rows = (page) => page.locator(".incidents > .incident");
const rowOf = (page, user) => page.locator(".incidents > .incident", { hasText: user });
const objects = async (place) => Number(/([\d,]+) objects/.exec(await place.innerText())[1].replace(",", ""));

/** Waits until an element that names a user says that it is five times as much. */
const untilGrown = (page, selector, user, few) =>
  page.waitForFunction(
    ([selector, user, few]) => {
      const texts = Array.from(document.querySelectorAll(selector), (element) => element.innerText);
      const [, now] = /([\d,]+) objects/.exec(texts.find((text) => text.includes(user)));
      return Number(now.replace(",", "")) >= 5 * few;
    },
    [selector, user, few],
  );

/** Where each row is on the screen, and how far the page is scrolled. */
const places = (page) =>
  page.evaluate(() => [
    scrollY,
    ...Array.from(document.querySelectorAll(".incident"), (row) => [row.dataset.id, row.getBoundingClientRect().top]),
  ]);

/** Begins to note what the browser calls a shift of the layout; returns what asks for those. */
async function watchShifts(page) {
  await page.evaluate(() => {
    globalThis.shifts = [];
    const nameOf = ({ node }) => node?.className || node?.nodeName;
    // How far judging is behind is said in the head of the page, at the edge.
    const isOfState = ({ node }) => document.getElementById("state").contains(node);
    const note = (list) =>
      list
        .getEntries()
        .filter((entry) => !entry.sources.every(isOfState))
        .forEach((entry) => globalThis.shifts.push([entry.value, ...entry.sources.map(nameOf)]));
    new PerformanceObserver(note).observe({ type: "layout-shift" });
  });
  return () =>
    page.evaluate(async () => {
      // What was drawn is told after its frame.
      for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
      return globalThis.shifts;
    });
}

story("incidents are listed, and a new one comes to the top by itself", { base }, async (page) => {
  await live(page);
  const before = await rows(page).count();
  check(before >= 10, "the simulated attacks are listed", before);
  await estate.handOver(reads({ user: "night.owl", day, hour: 23, objects: 200 }));
  await page.waitForFunction(() => document.querySelector(".incident").innerText.includes("night.owl"));
  same(await rows(page).count(), before + 1, "it is one incident");
  await page.waitForFunction(() => document.getElementById("said").textContent.startsWith("New incident, "));
});

story("an incident that comes to more says so in its place, and nothing moves", { base }, async (page) => {
  await live(page);
  await estate.handOver(reads({ user: "slow.leak", day, hour: 19, objects: 200 }));
  await rowOf(page, "slow.leak").waitFor();
  const few = await objects(rowOf(page, "slow.leak"));
  check(few <= 200, "it is told as it crosses the threshold", few);
  // Somebody looks at the row below it.
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const before = await places(page);
  const shifts = await watchShifts(page);
  await estate.handOver(reads({ user: "slow.leak", day, hour: 19, objects: 2400, from: 200 }));
  await untilGrown(page, ".incident", "slow.leak", few);
  same(await places(page), before, "every row is where it was");
  same(await shifts(), [], "the layout stays");
});

story("nothing moves under somebody who reads further down, whom a button tells of news", { base }, async (page) => {
  await live(page);
  await page.evaluate(() => scrollTo(0, 300));
  const before = await places(page);
  const shifts = await watchShifts(page);
  await estate.handOver(reads({ user: "early.bird", day, hour: 20, objects: 200 }));
  const news = page.locator(".news-button");
  await news.waitFor();
  same(await news.innerText(), "Show 1 new incident", "the button says how many there are");
  check((await page.title()).startsWith("(1) "), "the title of the tab says so, too", await page.title());
  check(await news.evaluate((button) => button.getBoundingClientRect().top > 0), "it can be seen from there");
  same(await places(page), before, "every row is where it was");
  same(await shifts(), [], "the layout stays");
  await news.click();
  await page.waitForFunction(() => scrollY === 0 && document.querySelector(".fresh")?.innerText.includes("early.bird"));
  check(await news.isHidden(), "the button goes");
  check(!(await page.title()).startsWith("("), "the title no longer says so", await page.title());
});

story("a story that is read says that it has grown, and changes when asked to", { base }, async (page) => {
  await live(page);
  await estate.handOver(reads({ user: "long.night", day, hour: 21, objects: 200 }));
  await rowOf(page, "long.night").locator("a").click();
  const head = page.locator(".story h1");
  await head.waitFor();
  const few = await objects(head);
  const text = await page.locator(".story").innerText();
  const shifts = await watchShifts(page);
  await estate.handOver(reads({ user: "long.night", day, hour: 21, objects: 2400, from: 200 }));
  const button = page.locator("button", { hasText: "It has grown" });
  await button.waitFor();
  const words = (text) => text.replace("It has grown. Show it as it is now", "").split(/\s+/);
  same(words(await page.locator(".story").innerText()), words(text), "the text is as it was");
  same(await shifts(), [], "the layout stays");
  await button.click();
  await untilGrown(page, ".story h1", "long.night", few);
  check(await button.isHidden(), "the button goes");
});
