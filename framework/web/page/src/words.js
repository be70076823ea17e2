/** What the page says when something is in the way. */

/** Why there is no microphone, and what helps. */
export function microphoneProblem(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "The browser may not use the microphone. Allow it in the address bar to talk; until then, type.";
    case "NotFoundError":
      return "No microphone was found. Plug one in to talk; until then, type.";
    case "NotReadableError":
      return "Another program is using the microphone. Close it to talk; until then, type.";
    case "SecurityError":
      return "A browser gives a microphone only to a secure address. Open http://localhost or use https; until then, type.";
    default:
      return `The microphone can't be used (${error.name}). You can type instead.`;
  }
}

/** A problem that the runner answered with. */
export function problemText(body, status) {
  if (!body?.detail) return `The runner answered with status ${status}.`;
  return body.fix ? `${body.detail} — ${body.fix}` : body.detail;
}

export const LOST = "The connection was lost. Start again when you like.";
export const UNREACHABLE = "The runner doesn't answer. Is it still running? Start it with “convo up”.";
export const NO_PEER = "WebRTC found no way through; the sound goes over a WebSocket instead.";
export const NO_SOUND = "Sound found no way through. You can type.";

/** Whom a transfer would have reached, where nobody is dialled. */
export function transferText({ target, address, brief, warm, outcome }) {
  const told = brief ? ` and tell them: “${brief}”` : "";
  return `Would ${warm ? "ring" : "dial"} ${target} (${address})${told}. Nobody was dialled; it counts as ${outcome}.`;
}

/** Why a session ended, for people. */
export function endText(reason) {
  const known = {
    done: "The conversation is finished.",
    hangup: "You hung up.",
    left: "You hung up.",
    limit: "The conversation reached its limit.",
    error: "Something went wrong in the conversation.",
    drained: "The runner is shutting down.",
    never_joined: "Nobody connected in time.",
    lost: "The session's process was lost.",
  };
  return known[reason] ?? `The conversation ended: ${reason}.`;
}
