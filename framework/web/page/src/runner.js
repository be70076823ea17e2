/** The runner's HTTP routes, as far as the page uses them. */

import { problemText, UNREACHABLE } from "./words.js";

async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(UNREACHABLE);
  }
  if (answer.status === 401) location.reload(); // signed out: the form comes back
  const body = await answer.json().catch(() => null);
  if (!answer.ok && answer.status !== 503) throw new Error(problemText(body, answer.status));
  return { body, ok: answer.ok, status: answer.status };
}

function post(path, body) {
  return call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

/** The bots, and which of them is the default. */
export const bots = async () => (await call("/bots")).body;

/** A bot's flow, to be drawn. */
export const graph = async (bot) => (await call(`/bots/${encodeURIComponent(bot)}/graph`)).body;

/** Whether a session would start at once. */
export const ready = async () => (await call("/ready")).body;

/** One session as the runner sees it. */
export const session = async (id) => (await call(`/sessions/${id}`)).body;

/** Start a session; the answer says where to connect. */
export async function start(request) {
  const { body, ok, status } = await post("/start", request);
  if (!ok) throw new Error(problemText(body, status));
  return body;
}

/** End a session. A page that is being left may still say so. */
export const leave = (id) => post(`/sessions/${id}/leave`, { reason: "left" }).catch(() => undefined);
export const leaveAtOnce = (id) => navigator.sendBeacon(`/sessions/${id}/leave`, "{}");
