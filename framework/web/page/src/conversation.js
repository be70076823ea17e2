/** What has happened in a session so far: turns, slots, the node, how long each answer took. */

import { transferText } from "./words.js";

/** A model that is told what happens and calls `changed(part, detail)` after each change. */
export class Conversation {
  constructor(changed, clock = () => performance.now()) {
    this.changed = changed;
    this.clock = clock;
    this.turns = [];
    this.slots = new Map();
    this.node = "";
    this.visited = new Set();
    this.ended = null;
    this.waitingSince = null;
    this.audible = false; // where the bot is heard, its voice is the answer, else its text
    this.draft = null; // the bot's turn as it comes in
    this.interim = null; // the person's words while they speak
  }

  // --- what the connection tells -------------------------------------------

  /** The person has finished: since `at` they wait. */
  personFinished(at = this.clock()) {
    this.waitingSince = at;
  }

  /** First sign of the answer. */
  botAnswers() {
    if (this.waitingSince === null) return;
    this.latency = this.clock() - this.waitingSince;
    this.waitingSince = null;
    if (this.draft) this.#stamp(this.draft);
  }

  /** Text that the bot is about to say or is saying, piece by piece. */
  botOutput({ text, segment_id: segment }) {
    if (!text?.trim()) return;
    if (!this.draft) this.#open();
    const known = segment === undefined ? this.draft.pieces.some((piece) => piece.text === text) : this.draft.seen.has(segment);
    if (known) return;
    this.draft.seen.add(segment);
    this.draft.pieces.push({ text });
    this.draft.text = this.draft.pieces.map((piece) => piece.text.trim()).join(" ");
    this.changed("turn", this.draft);
  }

  /** The person's words, not yet final. */
  hearing(text) {
    this.interim ??= this.#add({ who: "user", text: "", interim: true });
    this.interim.text = text;
    this.changed("turn", this.interim);
  }

  /** One of the framework's own events. */
  event({ type, data = {} }) {
    const handler = HANDLERS[type];
    if (handler) handler(this, data);
  }

  // --- what events do -------------------------------------------------------

  userSaid(text) {
    const turn = this.interim ?? this.#add({ who: "user" });
    this.interim = null;
    Object.assign(turn, { text, interim: false });
    this.changed("turn", turn);
  }

  botSaid({ generated = "", spoken = "", interrupted = false }) {
    if (!this.draft && !generated && !spoken) return;
    if (!this.draft) this.#open();
    const turn = this.draft;
    this.draft = null;
    const heard = interrupted ? spoken : spoken || generated;
    Object.assign(turn, { text: heard, rest: interrupted ? remainder(generated, heard) : "", interrupted, interim: false });
    this.changed("turn", turn);
  }

  enter(node) {
    this.from = this.node;
    this.node = node;
    this.visited.add(node);
    this.changed("node", node);
  }

  setSlot(name, value, source) {
    this.slots.set(name, { value, source });
    this.changed("slot", name);
  }

  clearSlot(name) {
    this.slots.delete(name);
    this.changed("slot", name);
  }

  note(text, kind = "note") {
    this.changed("turn", this.#add({ who: kind, text }));
  }

  end(reason) {
    this.ended = reason;
    this.changed("end", reason);
  }

  #open() {
    if (!this.audible) this.botAnswers();
    this.draft = this.#add({ who: "bot", text: "", pieces: [], seen: new Set(), interim: true });
    this.#stamp(this.draft);
  }

  #stamp(turn) {
    if (this.latency === undefined || turn.latency !== undefined) return;
    turn.latency = this.latency;
    this.latency = undefined;
    this.changed("turn", turn);
  }

  #add(turn) {
    const whole = { id: this.turns.length, ...turn };
    this.turns.push(whole);
    return whole;
  }
}

const HANDLERS = {
  "user.said": (self, { text }) => self.userSaid(text),
  "bot.said": (self, data) => self.botSaid(data),
  "node.entered": (self, { node }) => self.enter(node),
  "slot.set": (self, { slot, value, source }) => self.setSlot(slot, value, source),
  "slot.cleared": (self, { slot }) => self.clearSlot(slot),
  "tool.called": (self, { tool }) => self.note(tool, "tool"),
  "tool.finished": (self, { tool, outcome }) => outcome !== "value" && self.note(`${tool}: ${outcome}`, "tool"),
  "transfer.pretended": (self, data) => self.note(transferText(data), "transfer"),
  "session.ended": (self, { reason }) => self.end(reason),
  error: (self, { message }) => self.note(message, "error"),
};

/** What was generated but not heard. */
function remainder(generated, heard) {
  const start = heard.trim().replace(/[.…\s]+$/, "");
  return generated.startsWith(start) ? generated.slice(start.length).trim() : "";
}
