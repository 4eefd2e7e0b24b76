// How an incident, an entity and the coverage are read.

import { go, live, settled } from "../browser.mjs";
import { estate } from "../service.mjs";
import { check, same, story } from "../story.mjs";

const { base } = estate;
const SEVERITIES = ["low", "medium", "high", "critical"];
const bySeverity = (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.score - a.score;
const CLIPBOARD = ["clipboard-read", "clipboard-write"];

/** The id of a severe incident that the simulation planted. */
async function severe() {
  const { incidents } = await estate.get("/v1/incidents?severity=critical");
  return incidents.at(-1).incident_id;
}

const heads = (page) => page.locator("main h2").allInnerTexts();

story("an incident is found, read and left by keyboard", { base }, async (page) => {
  await live(page);
  const current = () => page.locator(".incident.current").getAttribute("data-id");
  const ids = await page.locator(".incident").evaluateAll((rows) => rows.map((row) => row.dataset.id));
  await page.keyboard.press("Tab");
  same(await page.evaluate(() => document.activeElement.textContent), "Skip to content", "the first stop skips what is on every view");
  await page.keyboard.press("Enter");
  same(await page.evaluate(() => document.activeElement.id), "main", "it goes to the content");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  same(await current(), ids[1], "j and k walk along the rows");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".story");
  check(page.url().endsWith(ids[1]), "Enter opens it", page.url());
  same(await page.evaluate(() => document.activeElement.tagName), "H1", "who listens to the page hears its title first");
  await page.keyboard.press("j");
  await page.waitForFunction((id) => location.hash.endsWith(id) && document.querySelector(".story"), ids[2]);
  await page.keyboard.press("Escape");
  await page.waitForSelector(".incidents");
  same(await current(), ids[2], "Escape returns to the row of what was read last");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog", { state: "detached" });
});

story("a story has what somebody decides by, and what that rests on", { base }, async (page) => {
  const id = await severe();
  const answer = await estate.get(`/v1/incidents/${id}`);
  await go(page, base, `#/incidents/${id}`);
  same(await page.locator(".story h1").innerText(), answer.incident.title, "its title is the sentence of the incident");
  const decide = await page.locator(".decide dt").allInnerTexts();
  for (const row of ["Who", "When", "How much", "From", "Sensitive"]) check(decide.includes(row), `it says ${row}`, decide);
  const seen = (await heads(page)).join("\n");
  for (const part of ["Stages", "Why", "How much", "From where", "Who", "Timeline", "Verdict", "Next steps"]) {
    check(seen.includes(part), `it has a part ${part}`, seen);
  }
  const first = page.locator(".alert").first();
  check(await first.evaluate((alert) => alert.open), "the reasons of the severest alert are open");
  const reasons = first.locator(".reason");
  const order = answer.alerts.map((alert, at) => ({ ...alert, said: answer.sentences[at] })).sort(bySeverity);
  const text = (await first.innerText()).replace(/\s+/g, " ");
  for (const sentence of order[0].said) check(text.includes(sentence), `it says: ${sentence}`, text);
  check((await reasons.locator(".plot svg").count()) > 0, "it is drawn against what is usual");
  same(await page.locator(".next li").count(), answer.incident.next_steps.length, "each next step is there");
  check((await page.locator(".timeline time").count()) >= 2, "the timeline has its moments");
});

story("a story is copied as text", { base, permissions: CLIPBOARD }, async (page) => {
  const id = await severe();
  const { text } = await estate.get(`/v1/incidents/${id}`);
  await go(page, base, `#/incidents/${id}`);
  await page.getByRole("button", { name: "Copy as text" }).click();
  await page.waitForSelector("text=Copied as text.");
  same(await page.evaluate(() => navigator.clipboard.readText()), text, "it is the text that the service wrote");
});

story("the list is filtered by severity, by who it was, by day and by what is open", { base }, async (page) => {
  const list = page.locator(".incidents");
  await live(page);
  const all = await page.locator(".incident").count();
  await page.selectOption("#severity", "critical");
  await page.waitForFunction((all) => document.querySelectorAll(".incident").length < all, all);
  await settled(page);
  const words = await page.locator(".incident .severity").allInnerTexts();
  check(words.length > 0 && words.every((word) => word === "critical"), "only the critical ones are left", words);
  await page.reload();
  await page.waitForSelector(".incident");
  same(await page.inputValue("#severity"), "critical", "the address keeps the filter");

  await page.getByLabel("Only open").check();
  await page.waitForFunction(() => location.hash.includes("open=true"));
  await page.fill("#since", "2099-01-01");
  await page.waitForSelector("text=No incident is like that");
  await page.getByRole("link", { name: "Clear the filters" }).click();
  await page.waitForFunction((all) => document.querySelectorAll(".incident").length === all, all);

  // Whoever types goes on typing while the list is read.
  await page.keyboard.press("/");
  await page.keyboard.type("nobody");
  await page.waitForFunction(() => location.hash.includes("nobody"));
  await page.keyboard.type(" at all");
  await page.waitForSelector("text=No incident is like that");
  same(await page.inputValue("#entity"), "nobody at all", "no letter is lost");
  const { incidents } = await estate.get("/v1/incidents?limit=1");
  await page.fill("#entity", incidents[0].entities[0].id);
  await list.locator(`[data-id="${incidents[0].incident_id}"]`).waitFor();
});

story("an entity shows what is usual for it", { base, hash: "#/entities" }, async (page) => {
  const { entities } = await estate.get("/v1/entities?kind=identity&limit=1");
  const [known] = entities;
  await page.fill("#text", known.id);
  await page.selectOption("#kind", "identity");
  await page.waitForFunction(() => document.querySelectorAll("main tbody tr").length === 1);
  await page.locator("main tbody a").click();
  await page.waitForSelector(".heat");
  await settled(page);
  const seen = (await heads(page)).join("\n");
  for (const part of ["Hours of the week", "Usual amounts", "Known values", "Incidents"])
    check(seen.includes(part), `it has ${part}`, seen);
  same(await page.locator(".heat > svg rect").count(), 7 * 24, "the map has each hour of the week");
  check((await page.locator(".heat > svg rect:not(.heat0)").count()) > 0, "it is warm where there was activity");
  const day = page.locator(".segments button", { hasText: "1 day" });
  await day.click();
  same(await day.getAttribute("aria-pressed"), "true", "amounts are shown by the length of the window");
});

story("coverage says what is seen of each provider, and on what that rests", { base, hash: "#/coverage" }, async (page) => {
  check((await page.locator(".matrix tbody tr").count()) > 10, "each analytic has a row");
  const cell = page.locator(".matrix .cover.covered").first();
  await cell.click();
  const details = page.locator("[aria-label=Details]");
  await details.waitFor();
  await details.getByRole("region", { name: "Logs that it rests on" }).waitFor();
  same(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Details", "whoever pressed it is taken there");
});

story("coverage is read on a telephone without scrolling sideways", { base, hash: "#/coverage", width: 390 }, async (page) => {
  await page.locator(".matrix .cover.covered").first().click();
  await page.getByRole("region", { name: "Logs that it rests on" }).waitFor();
  const wide = await page.locator(".wide").evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length);
  same(wide, 0, "no table is wider than the screen");
  const row = page.locator(".matrix tbody tr", { hasText: "AN1594" });
  same(
    await row.locator("td:visible").evaluateAll((cells) => cells.map((cell) => cell.dataset.head)),
    ["aws"],
    "a row says of whose logs it is",
  );
});
