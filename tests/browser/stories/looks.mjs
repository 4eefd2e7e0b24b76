// Every view, for people and for what reads the page to them: wide and narrow, light and dark. The pictures are for a person to look at.

import { SIZES, axe, go, picture } from "../browser.mjs";
import { arn, reads } from "../records.mjs";
import { estate, given, service } from "../service.mjs";
import { same, story } from "../story.mjs";
import { HOSTILE } from "./hostile.mjs";

const first = service(given.first);
const guarded = service(given.guarded);

const entityOf = (id) => `#/entities/${encodeURIComponent(id)}`;
const incidentOf = (incident) => `#/incidents/${incident.incident_id}`;

/** Each view: its name, the service, the hash, and what is done there first. */
async function views() {
  const { incidents } = await estate.get("/v1/incidents");
  const { entities } = await estate.get("/v1/entities?kind=identity&limit=1");
  const severest = incidents.filter((one) => one.severity === "critical").sort((a, b) => b.alerts.length - a.alerts.length)[0];
  const hostile = incidents.find((one) => one.entities.some((entity) => entity.id === arn(HOSTILE)));
  const click = (name) => (page) => page.getByRole("button", { name }).click();
  return [
    ["incidents", estate, "#/incidents"],
    ["incidents, filtered to none", estate, "#/incidents?entity=nobody"],
    [
      "incidents, a verdict",
      estate,
      "#/incidents",
      async (page) => {
        await page.keyboard.press("j");
        await page.keyboard.press("f");
      },
      (page) => page.keyboard.press("u"),
    ],
    ["help", estate, "#/incidents", (page) => page.keyboard.press("?"), (page) => page.keyboard.press("Escape")],
    ["incident", estate, incidentOf(severest)],
    ["incident, hostile", estate, incidentOf(hostile)],
    ["entities", estate, "#/entities"],
    ["entity", estate, entityOf(entities[0].id)],
    ["entity, hostile", estate, entityOf(arn(HOSTILE))],
    ["coverage", estate, "#/coverage", (page) => page.locator(".matrix .cover.covered").first().click()],
    ["tuning", estate, "#/tuning"],
    ["tuning, asked", estate, "#/tuning", click("Put in force…"), (page) => page.keyboard.press("Escape")],
    ["approvals", estate, "#/approvals"],
    ["approvals, a new one", estate, "#/approvals", click("Add an approval…"), (page) => page.keyboard.press("Escape")],
    [
      "incident, to be approved",
      estate,
      incidentOf(hostile),
      async (page) => {
        await page.keyboard.press("a");
        await page.getByLabel("Owner").fill("soc");
        await page.getByLabel("Reason").fill("known");
        await click("Show what it would hide")(page);
        await page.waitForSelector("dialog pre");
      },
      (page) => page.keyboard.press("Escape"),
    ],
    ["first run", first, "#/incidents"],
    ["token", guarded, "#/incidents"],
  ];
}

for (const width of Object.keys(SIZES).map(Number)) {
  story(
    `every view is clear at a width of ${width}, light and dark`,
    { base: estate.base, width, expected: /status of (401|404|503)/ },
    async (page) => {
      const found = [];
      for (const [name, { base }, hash, prepare, undo] of await views()) {
        await go(page, base, hash);
        await prepare?.(page);
        await page.evaluate(() => scrollTo(0, 0));
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          await picture(page, `${name}, ${width}, ${colorScheme}`);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (over > 0) found.push(`${name}, ${width}: ${over} px wider than the screen`);
          for (const violation of await axe(page, colorScheme === "dark" ? ["color-contrast"] : null))
            found.push(`${name}, ${width}, ${colorScheme}: ${violation}`);
        }
        await undo?.(page);
      }
      same(found, [], "nothing is unclear");
    },
  );
}
