/** The page: pick a bot, talk or type, see what it hears, knows and does. */

import { Conversation } from "./conversation.js";
import { connect } from "./connection.js";
import { Graph } from "./graph.js";
import * as runner from "./runner.js";
import { showSlots, Transcript } from "./show.js";
import { endText, LOST } from "./words.js";

const part = (id) => document.getElementById(id);
const TRIES = 20;
const WAY_NAMES = { webrtc: "voice · WebRTC", websocket: "voice · WebSocket", text: "text" };

class Page {
  constructor() {
    this.session = null;
    this.transcript = new Transcript(part("transcript"));
    this.graph = new Graph(part("graph"));
    this.conversation = null;
    part("talk").onclick = () => this.begin("voice");
    part("type").onclick = () => this.begin("text");
    part("end").onclick = () => this.hangUp();
    part("mute").onclick = () => this.toggleMute();
    part("bot").onchange = () => this.showBot();
    part("composer").onsubmit = (event) => this.send(event);
    part("keys").append(...[..."123456789*0#"].map((key) => this.keyButton(key)));
    part("dismiss").onclick = () => this.notice("");
    addEventListener("pagehide", () => this.session && runner.leaveAtOnce(this.session.id));
  }

  async open() {
    this.state("idle", "Ready");
    try {
      const { bots, default: chosen } = await runner.bots();
      part("bot").replaceChildren(...bots.map(({ name, title }) => new Option(title || name, name, false, name === chosen)));
      this.bots = new Map(bots.map((bot) => [bot.name, bot]));
      const asked = new URLSearchParams(location.search).get("bot");
      if (asked && this.bots.has(asked)) part("bot").value = asked;
      await this.showBot();
      part("talk").disabled = part("type").disabled = bots.length === 0;
      if (!bots.length) this.notice("This project has no bot yet. Name one in convo.yaml.");
    } catch (error) {
      this.notice(error.message);
    }
    this.watchReadiness();
  }

  async showBot() {
    const { name, description = "", stack, personality } = this.bots.get(part("bot").value) ?? {};
    part("about").textContent = [description, personality && `as ${personality}`, stack && `on ${stack}`].filter(Boolean).join(" · ");
    this.reset();
    try {
      const flow = await runner.graph(name);
      if (part("bot").value === name) this.graph.draw(flow); // else another was picked meanwhile
    } catch (error) {
      this.graph.clear(`This flow can't be drawn: ${error.message}`);
    }
  }

  async watchReadiness() {
    for (;;) {
      const state = await runner.ready().catch(() => null);
      if (state === null || state.ready) break;
      if (!this.session && document.body.dataset.state === "idle") this.state("idle", `Warming up: ${state.problem || state.doing}`);
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    if (document.body.dataset.state === "idle") this.state("idle", "Ready");
  }

  reset() {
    this.transcript.clear();
    this.conversation = new Conversation((kind, detail) => this.changed(kind, detail));
    showSlots(part("slots"), new Map());
    part("node").textContent = "–";
    this.graph.boxes && this.graph.show("", "", new Set());
  }

  async begin(channel) {
    if (["connecting", "connected"].includes(document.body.dataset.state)) return;
    this.reset();
    this.notice("");
    this.hungUp = false;
    this.state("connecting", "Connecting");
    try {
      const session = await connect({ bot: part("bot").value, channel, on: this.listeners() });
      if (this.hungUp) return void session.close();
      this.session = session;
      document.body.dataset.channel = session.way === "text" ? "text" : "voice";
      this.state("connected", "Connected");
      part(session.way === "text" ? "text" : "end").focus();
    } catch (error) {
      this.notice(error.message);
      this.state("error", "Not connected");
    }
  }

  async hangUp() {
    this.hungUp = true;
    this.state("ending", "Hanging up");
    await this.session?.close();
  }

  send(event) {
    event.preventDefault();
    const text = part("text").value.trim();
    if (!text || !this.session) return;
    part("text").value = "";
    this.conversation.personFinished();
    this.session.send(text).catch((error) => this.notice(`That could not be sent: ${error.message ?? error}`));
  }

  keyButton(key) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: key });
    button.dataset.testid = `key-${key}`;
    button.onclick = () => this.session?.press(key);
    return button;
  }

  toggleMute() {
    const muted = part("mute").getAttribute("aria-pressed") !== "true";
    part("mute").setAttribute("aria-pressed", String(muted));
    part("mute").textContent = muted ? "Unmute" : "Mute";
    this.session?.mute(muted);
  }

  listeners() {
    const { conversation } = this;
    return {
      way: (name) => {
        conversation.audible = name !== "text";
        part("way").textContent = WAY_NAMES[name];
        document.body.dataset.way = name;
      },
      notice: (text) => this.notice(text),
      closed: () => this.closed(),
      callbacks: {
        onServerMessage: ({ type, event }) => type === "convo.event" && conversation.event(event),
        onBotOutput: (output) => conversation.botOutput(output),
        onUserTranscript: ({ text, final }) => !final && conversation.hearing(text),
        onUserStartedSpeaking: () => this.speaking("user", true),
        onUserStoppedSpeaking: () => {
          this.speaking("user", false);
          conversation.personFinished(this.session?.lastHeard);
        },
        onBotStartedSpeaking: () => {
          this.speaking("bot", true);
          conversation.botAnswers();
        },
        onBotStoppedSpeaking: () => this.speaking("bot", false),
        onError: (message) => this.notice(message?.data?.message ?? message?.data?.error ?? "The bot reported an error."),
      },
    };
  }

  speaking(who, on) {
    document.body.toggleAttribute(`data-${who}-speaking`, on);
  }

  changed(kind, detail) {
    if (kind === "turn") this.transcript.show(detail);
    if (kind === "slot") showSlots(part("slots"), this.conversation.slots, detail);
    if (kind === "node") {
      part("node").textContent = detail;
      this.graph.show(detail, this.conversation.from, this.conversation.visited);
    }
  }

  async closed() {
    const { session, conversation } = this;
    this.session = null;
    this.speaking("user", false);
    this.speaking("bot", false);
    const reason = conversation.ended ?? (await this.reasonOf(session));
    if (reason || this.hungUp) {
      this.state("ended", "Ended");
      conversation.note(endText(reason ?? "left"), "end");
    } else {
      this.state("error", "Connection lost");
      this.notice(LOST);
    }
  }

  /** What the runner says about the end, when the session itself could not. */
  async reasonOf(session) {
    for (let tries = 0; session && tries < TRIES; tries++) {
      const seen = await runner.session(session.id).catch(() => null);
      if (seen === null) return null;
      if (seen.state === "failed" && seen.message) this.notice(seen.message);
      if (["ended", "failed"].includes(seen.state)) return seen.reason;
      await new Promise((resolve) => setTimeout(resolve, 500)); // its process is still on the way out
    }
    return null;
  }

  state(name, text) {
    document.body.dataset.state = name;
    part("state").textContent = text;
    part("state").dataset.state = name;
    const live = name === "connecting" || name === "connected";
    part("bot").disabled = live || name === "ending";
    part("talk").hidden = part("type").hidden = live || name === "ending";
    part("end").hidden = !live;
    part("keypad").hidden = name !== "connected";
    part("mute").hidden = name !== "connected" || document.body.dataset.channel !== "voice";
    part("text").disabled = part("send").disabled = name !== "connected";
  }

  notice(text) {
    part("notice").hidden = !text;
    part("notice-text").textContent = text;
  }
}

new Page().open();
