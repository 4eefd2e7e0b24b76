// What people decide on the page: verdicts, budgets, approvals.

import { go, live, settled } from "../browser.mjs";
import { reads } from "../records.mjs";
import { estate, given, verdictOn } from "../service.mjs";
import { check, same, story } from "../story.mjs";

const { base } = estate;
const verdictPosts = (page) => {
  const posts = [];
  page.on("request", (request) => request.method() === "POST" && posts.push(new URL(request.url()).pathname));
  return posts;
};

story("a verdict is one key, can be taken back, and is stored", { base }, async (page) => {
  await live(page);
  const posts = verdictPosts(page);
  for (let n = 0; n < 3; n += 1) await page.keyboard.press("j");
  const first = await page.locator(".incident.current").getAttribute("data-id");
  const said = (id) => page.locator(`[data-id="${id}"] .said`).innerText();
  await page.keyboard.press("f");
  same(await said(first), "false", "f says that it is no threat");
  await page.keyboard.press("u");
  same(await said(first), "open", "u takes it back");
  const sent = page.waitForResponse((response) => response.url().endsWith(`${first}/verdict`));
  await page.keyboard.press("t");
  same(await said(first), "true", "t says that it needs a response");
  same(posts, [], "nothing is sent as long as it can be taken back");

  // The next one sends the one before at once, and then it is the one that can be taken back.
  await page.keyboard.press("j");
  const second = await page.locator(".incident.current").getAttribute("data-id");
  await page.keyboard.press("f");
  same((await sent).status(), 200, "the service takes it");
  await page.getByRole("button", { name: "Undo (u)" }).click();
  same(await said(second), "open", "the button takes back what u does");
  same(posts, [`/v1/incidents/${first}/verdict`], "nothing else was sent");
  same([(await verdictOn(first)).verdict, await verdictOn(second)], [true, null], "the service stored the one and not the other");

  await page.reload();
  await page.waitForSelector(".incident");
  same(await said(first), "true", "the list says so to the next reader");
});

story("an approval says until when it holds, and what it hid", { base }, async (page) => {
  await estate.handOver(reads({ user: "pentest-spring", day: given.day, hour: 17, objects: 300 }));
  await estate.until("/v1/approvals", ({ approvals }) => approvals.some((approval) => approval.hidden > 0));
  await go(page, base, "#/approvals");
  const card = page.locator(".card", { hasText: "the test that was announced" });
  const fact = (name) =>
    card
      .locator("dl > div", { has: page.locator(`dt:text-is("${name}")`) })
      .locator("dd")
      .innerText();
  same(await fact("Expires"), "2099-01-31", "it says until when it holds");
  same(await fact("Owner"), "security@halcyon.example", "it says whose it is");
  check(/^[1-9]\d* alerts?, the last at /.test(await fact("Hid")), "it says what it hid", await fact("Hid"));
  await go(page, base, "#/incidents?entity=pentest-spring");
  await page.waitForSelector("text=No incident is like that");
});

story("what an incident is about is approved in its story, from where it can be taken back", { base }, async (page) => {
  const user = "auditor-spring";
  await estate.handOver(reads({ user, day: given.day, hour: 15, objects: 300 }));
  await estate.until(`/v1/incidents?entity=${user}`, ({ incidents }) => incidents.length > 0);
  await go(page, base, `#/incidents?entity=${user}`);
  await page.locator(".incident .title").first().click();
  await page.waitForSelector(".story");
  await page.keyboard.press("a");
  const dialog = page.locator("dialog[open]");
  await dialog.getByLabel("Owner").fill("soc@halcyon.example");
  await dialog.getByLabel("Reason").fill("the audit of the spring");
  await dialog.getByLabel("Last day").fill("2099-12-31");
  const approve = dialog.getByRole("button", { name: "Approve", exact: true });
  check(await approve.isDisabled(), "nothing can be written before it was shown what it would hide");
  await dialog.getByRole("button", { name: "Show what it would hide" }).click();
  await dialog.locator("text=/^It would have hidden [1-9]/").waitFor();
  check((await dialog.locator("pre").innerText()).includes(`user/${user}`), "what would be written is shown");
  const before = await estate.get("/v1/approvals");
  await dialog.getByLabel("Reason").press("End");
  await dialog.getByLabel("Reason").pressSequentially(" term");
  check(await approve.isDisabled(), "what was changed is shown anew before it can be written");
  same((await estate.get("/v1/approvals")).approvals.length, before.approvals.length, "looking at it writes nothing");
  await dialog.getByRole("button", { name: "Show what it would hide" }).click();
  // It is written while nothing else can be pressed, and the story and the list say so.
  let goOn;
  const held = new Promise((resolve) => {
    goOn = resolve;
  });
  await page.route("**/v1/approvals", async (route) => {
    await held;
    await route.continue();
  });
  await approve.click();
  await dialog.locator("button[aria-busy=true]").waitFor();
  check(
    (await dialog.locator("[role=status]").allInnerTexts()).some((text) => text.startsWith("Writing it")),
    "it says what it waits for",
  );
  for (const button of await dialog.getByRole("button").all()) check(await button.isDisabled(), "no button can be pressed meanwhile");
  await page.keyboard.press("Escape");
  check(await dialog.isVisible(), "what is being written cannot be called off");
  goOn();
  await dialog.waitFor({ state: "detached" });
  await page.unroute("**/v1/approvals");
  const mark = "pproved by soc@halcyon.example until 2099-12-31 (just now; holds for what comes)";
  await page.waitForSelector(`aside:has-text("A${mark}")`);
  await page.keyboard.press("Escape");
  const tag = page.locator(".incident", { hasText: user }).getByRole("link", { name: `a${mark}` });
  await tag.click();
  const card = page.locator(".card", { hasText: "the audit of the spring term" });
  await card.waitFor();
  check((await card.innerText()).includes(user), "it stands in the list, with whom it covers");

  // What he does from now on is stored, and not told.
  await estate.handOver(reads({ user, day: given.day, hour: 18, objects: 900 }));
  await estate.until("/v1/approvals", ({ approvals }) =>
    approvals.some((one) => one.reason === "the audit of the spring term" && one.hidden > 0),
  );

  await card.getByRole("button", { name: "Remove…" }).click();
  await page.locator("dialog[open]").getByRole("button", { name: "Remove it" }).click();
  await card.waitFor({ state: "detached" });
  same((await estate.get("/v1/approvals")).approvals.length, before.approvals.length, "it is gone");
  await go(page, base, `#/incidents?entity=${user}`);
  same(await tag.count(), 0, "what was approved by it is so no more");
});

for (const viewport of [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
])
  story(`what a dialog ends with stays in view, ${viewport.width} pixels wide`, { base, hash: "#/approvals", viewport }, async (page) => {
    const warning = "it covers every identity";
    await page.route("**/v1/approvals", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      const response = await route.fetch();
      return route.fulfill({ response, json: { ...(await response.json()), warnings: [warning] } });
    });
    await page.getByRole("button", { name: "Add an approval…" }).click();
    const dialog = page.locator("dialog[open]");
    const areInView = async (when) => {
      for (const name of ["Cancel", "Show what it would hide", "Approve"]) {
        const { x, y, width, height } = await dialog.getByRole("button", { name, exact: true }).boundingBox();
        const isIn = x >= 0 && y >= 0 && x + width <= viewport.width && y + height <= viewport.height;
        check(isIn, `${name} is in view ${when}`, { x, y, width, height });
      }
    };
    await areInView("at first");
    await dialog.getByLabel("Identity").fill("*");
    await dialog.getByLabel("Owner").fill("soc@halcyon.example");
    await dialog.getByLabel("Reason").fill("everything");
    await dialog.getByRole("button", { name: "Show what it would hide" }).click();
    await dialog.locator("pre").waitFor();
    await areInView("beside what it would hide");
    check((await dialog.getByRole("alert").innerText()).includes("It covers every identity."), "what the service warns of stands out");
    await dialog.getByRole("button", { name: "Cancel" }).click();
  });

story("a budget is looked at, put in force, and holds", { base, hash: "#/tuning" }, async (page) => {
  const budget = page.locator("output");
  const before = await budget.innerText();
  await page.locator("#budget").focus();
  await page.keyboard.press("ArrowLeft");
  check(
    (await budget.innerText()) !== before && /incidents? a (day|week)/.test(await budget.innerText()),
    "the slider names its budget",
    before,
  );
  const inForce = page.locator("text=/^In force: /").first();
  const was = await inForce.innerText();
  await page.getByRole("button", { name: "Put in force…" }).click();
  await page.locator("dialog").getByRole("button", { name: "Cancel" }).click();
  same(await inForce.innerText(), was, "nothing changes without a yes");

  await page.locator("#budget").focus();
  await page.keyboard.press("End");
  await page.getByRole("button", { name: "Put in force…" }).click();
  const [, score] = /becomes ([\d.]+),/.exec(await page.locator("dialog").innerText());
  await page.locator("dialog").getByRole("button", { name: "Put in force" }).click();
  await page.waitForSelector(`text=/^In force: ${score} for all analytics/`);
  await settled(page);
  const { before: now } = await estate.get("/v1/tuning?budget=1/day");
  same([...new Set(Object.values(now).map((one) => one.toFixed(1)))], [score], "the service judges by it");
});
