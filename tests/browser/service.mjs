// The services that the stories look at, and what a client tells and asks them. tests/it/browser.rs starts them, and says where they are.

import { setTimeout as pause } from "node:timers/promises";

/** Addresses, folders and the day of the records, as tests/it/browser.rs wrote them. */
export const given = JSON.parse(process.argv[2]);
/** Between two looks at something that a client can only ask for, in milliseconds. */
const LOOK_EVERY = 20;

/** A service at a base address, asked with a token if it wants one. */
export function service(base, token) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const get = async (path, options = {}) => {
    const answer = await fetch(base + path, { ...options, headers: { ...authorization, ...options.headers } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const until = async (path, isSo) => {
    const end = Date.now() + given.patience_ms;
    for (;;) {
      const answer = await get(path);
      if (isSo(answer)) return;
      if (Date.now() > end) throw new Error(`${path} did not become what is waited for: ${JSON.stringify(answer).slice(0, 2000)}`);
      await pause(LOOK_EVERY);
    }
  };
  return {
    base,
    get,
    /** Hands over records of CloudTrail. */
    handOver: (records) => get("/v1/events", { method: "POST", body: JSON.stringify({ Records: records }) }),
    /** Waits until something is so of what it answers. */
    until,
    /** Waits until all is judged that was handed over. */
    untilJudged: () => until("/readyz", ({ scoring }) => scoring.behind_bytes === 0),
    /** Waits until it answers. */
    async untilThere() {
      while (!(await get("/healthz").catch(() => false))) await pause(LOOK_EVERY);
    },
  };
}

/** The service of the estate that most stories are about. */
export const estate = service(given.estate);

/** The verdict on an incident of it that is stored. */
export const verdictOn = async (id) => (await estate.get(`/v1/incidents/${id}`)).incident.verdict ?? null;

/** Asks tests/it/browser.rs for what no client can do. */
export const endEstate = () => process.stdout.write("please end the service of the estate\n");
export const beginEstate = () => process.stdout.write("please begin the service of the estate\n");
