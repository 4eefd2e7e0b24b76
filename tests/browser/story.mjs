// How a story is told: on a page of its own, on which nothing may go wrong.

import assert from "node:assert/strict";
import test from "node:test";

import { open, picture } from "./browser.mjs";
import { estate } from "./service.mjs";

/** Tells a story on a page that was opened as `where` says (see `open`), and demands that nothing went wrong meanwhile. */
export const story = (name, { base, hash, ...options }, tell) =>
  test(name, async () => {
    // Nothing of what a story before this one handed over comes in between.
    await estate.untilJudged();
    const page = await open(base, hash, options);
    try {
      await tell(page);
      assert.deepEqual(page.faults, [], "nothing goes wrong meanwhile");
    } catch (error) {
      await picture(page, `failed: ${name}`).catch(() => null);
      throw error;
    } finally {
      await page.context().close();
    }
  });

/** Demands that something is so. */
export function check(isSo, what, ...seen) {
  assert.ok(isSo, [`it is not so that ${what}`, ...seen.map((one) => (typeof one === "string" ? one : JSON.stringify(one)))].join("\n"));
}

/** Demands that two things are the same. */
export const same = (seen, wanted, what) => assert.deepEqual(seen, wanted, `it is not so that ${what}`);
