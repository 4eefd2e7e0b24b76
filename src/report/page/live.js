// Incidents as they are told: server-sent events, read from a stream so that a token can be sent with the request.

import { request } from "./api.js";

const PAUSE_SECS = 1;
const PAUSE_SECS_MAX = 30;
/** The service shows every 15 s that it is there. */
const SILENCE_SECS_MAX = 45;
/** A tab that nobody looks at gives its connection back: a browser has only six for one host. */
const HIDDEN_SECS = 30;

const listeners = new Set();
let status = "off";

/** Calls with (kind, document): `incident`, `reload` when something may have been missed, and `status` when that changed. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const liveStatus = () => status;

function tell(kind, document) {
  for (const listener of listeners) listener(kind, document);
}

function become(now) {
  if (status === now) return;
  status = now;
  tell("status", now);
}

/** Reads events from a body until it ends; calls `alive` whenever something comes. */
async function read(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = { kind: "message", data: "" };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    alive();
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line === "") {
        if (event.data !== "") take(event);
        event = { kind: "message", data: "" };
      } else if (line.startsWith("event: ")) event.kind = line.slice(7);
      else if (line.startsWith("data: ")) event.data += line.slice(6);
    }
  }
}

function take({ kind, data }) {
  if (kind === "missed") tell("reload");
  else if (kind === "incident") tell("incident", JSON.parse(data));
}

let ending = null;
let wakes = null;

const wait = (secs) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000 * secs);
    wakes = () => {
      clearTimeout(timer);
      resolve();
    };
  });

async function run() {
  let pause = PAUSE_SECS;
  for (;;) {
    if (document.hidden && !isList()) {
      become("off");
      await new Promise((resolve) => {
        wakes = resolve;
      });
      continue;
    }
    const abort = new AbortController();
    let isRefused = false;
    ending = abort;
    let silent;
    const alive = () => {
      clearTimeout(silent);
      silent = setTimeout(() => abort.abort(), 1000 * SILENCE_SECS_MAX);
    };
    try {
      const response = await request("/v1/incidents", { headers: { accept: "text/event-stream" }, signal: abort.signal });
      alive();
      become("live");
      pause = PAUSE_SECS;
      tell("reload");
      await read(response.body, alive);
    } catch (problem) {
      isRefused = problem.status === 401 || problem.status === 403;
      if (isRefused) pause = PAUSE_SECS_MAX;
    }
    clearTimeout(silent);
    if (document.hidden && !isList()) continue;
    become(isRefused ? "off" : "waiting");
    await wait(pause * (0.75 + Math.random() / 2));
    pause = Math.min(2 * pause, PAUSE_SECS_MAX);
  }
}

const isList = () => /^#\/(incidents)?($|\?)/.test(location.hash || "#/");

/** Begins to listen, for as long as the page is there. */
export function begin() {
  let hidden;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (!document.hidden) wakes?.();
    else if (!isList()) hidden = setTimeout(() => ending?.abort(), 1000 * HIDDEN_SECS);
  });
  document.addEventListener("token", () => wakes?.());
  run();
}
