// The stories of the page, in the order in which they are told: each leaves behind what it handed over and decided. tests/it/browser.rs starts them.

import { after, describe } from "node:test";

import { close } from "./browser.mjs";

after(close);
await import("./stories/live.mjs");
await import("./stories/reading.mjs");
await import("./stories/hostile.mjs");
describe("at once, because no two of them change the same", { concurrency: 4 }, async () => {
  await import("./stories/looks.mjs");
  await import("./stories/notes.mjs");
  await import("./stories/token.mjs");
});
await import("./stories/beginning.mjs");
await import("./stories/gone.mjs");
await import("./stories/deciding.mjs");
