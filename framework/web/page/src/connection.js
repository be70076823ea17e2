/** One session with a bot: by WebRTC, else by WebSocket audio, else by typing. */

import { LogLevel, PipecatClient, logger } from "@pipecat-ai/client-js";
import { SmallWebRTCTransport } from "@pipecat-ai/small-webrtc-transport";
import { WebSocketTransport } from "@pipecat-ai/websocket-transport";
import { Ear, openMicrophone, PeerMedia, Silence, SocketMedia } from "./media.js";
import * as runner from "./runner.js";
import { microphoneProblem, NO_PEER, NO_SOUND } from "./words.js";

const CONNECT_MS = 6000;
logger.setLevel(LogLevel.NONE); // what matters is said on the page

const WAYS = {
  webrtc: {
    request: { transport: "webrtc", enableDefaultIceServers: false },
    usable: () => Boolean(window.RTCPeerConnection),
    media: (stream) => new PeerMedia(stream),
    transport: (mediaManager) => new SmallWebRTCTransport({ mediaManager }),
    target: (answer) => ({ webrtcRequestParams: { endpoint: `/sessions/${answer.sessionId}/api/offer` } }),
    otherwise: NO_PEER,
  },
  websocket: {
    request: { transport: "websocket" },
    usable: () => Boolean(window.AudioWorkletNode),
    media: (stream) => new SocketMedia(stream),
    transport: (mediaManager) => new WebSocketTransport({ mediaManager, recorderSampleRate: 16000 }),
    target: (answer) => ({ wsUrl: answer.wsUrl }),
    otherwise: NO_SOUND,
  },
  text: {
    request: { transport: "websocket" },
    usable: () => true,
    media: () => new Silence(),
    transport: (mediaManager) => new WebSocketTransport({ mediaManager }),
    target: (answer) => ({ wsUrl: answer.wsUrl }),
  },
};

/**
 * Connect to a bot. `on` is told what happens: `way(name)`, `notice(text)`, `closed()`, and Pipecat's callbacks.
 * Rejects when not even typing is possible.
 */
export async function connect({ bot, channel, on }) {
  if (channel === "text") return attempt("text", null, bot, on);
  let microphone;
  try {
    microphone = await openMicrophone();
  } catch (error) {
    on.notice(microphoneProblem(error));
    return attempt("text", null, bot, on);
  }
  for (const name of ["webrtc", "websocket"]) {
    try {
      if (WAYS[name].usable()) return await attempt(name, microphone.clone(), bot, on, microphone);
    } catch (error) {
      if (error.refused) {
        stop(microphone);
        throw error;
      }
    }
    on.notice(WAYS[name].otherwise);
  }
  stop(microphone);
  return attempt("text", null, bot, on);
}

async function attempt(name, stream, bot, on, microphone = null) {
  const way = WAYS[name];
  on.way(name);
  const answer = await started({ ...way.request, body: { bot, channel: name === "text" ? "text" : "voice" } });
  const session = new Session(name, answer.sessionId, way.media(stream), on);
  try {
    await within(CONNECT_MS, session.open(way.target(answer)));
  } catch (error) {
    session.abandon();
    throw error;
  }
  if (microphone) stop(microphone);
  return session;
}

async function started(request) {
  try {
    return await runner.start(request);
  } catch (error) {
    throw Object.assign(error, { refused: true }); // another way to connect wouldn't help
  }
}

/** A session that has begun. */
class Session {
  constructor(way, id, media, on) {
    this.way = way;
    this.id = id;
    this.on = on;
    this.media = media;
    this.ear = media.stream ? new Ear(media.stream) : null;
    this.live = false;
    this.sound = Object.assign(new Audio(), { autoplay: true });
    this.client = new PipecatClient({
      transport: WAYS[way].transport(media),
      enableMic: way !== "text",
      enableCam: false,
      callbacks: { ...on.callbacks, ...this.#callbacks() },
    });
  }

  async open(target) {
    await this.client.connect(target);
    this.live = true;
  }

  send(text) {
    return this.client.sendText(text);
  }

  /** Press keys of a telephone: digits, * and #. */
  press(keys) {
    this.client.sendClientMessage("keys", { keys });
  }

  /** When the person was last heard, on the page's clock. */
  get lastHeard() {
    return this.ear?.lastLoud ?? performance.now();
  }

  mute(muted) {
    this.client.enableMic(!muted);
  }

  /** Hang up. */
  async close() {
    await runner.leave(this.id);
    await this.#shut();
  }

  /** Give up on a connection that didn't come about. */
  abandon() {
    this.on = { callbacks: {}, closed: () => undefined };
    runner.leave(this.id);
    this.client.disconnect().catch(() => undefined);
    this.#silence();
  }

  async #shut() {
    if (!this.live) return;
    this.live = false;
    await this.client.disconnect().catch(() => undefined);
    this.#silence();
    this.on.closed();
  }

  #silence() {
    this.media.disconnect();
    this.ear?.close();
  }

  #callbacks() {
    const own = this.on.callbacks;
    return {
      onTrackStarted: (track, participant) => this.#play(track, participant),
      onUserStartedSpeaking: () => {
        this.media.userStartedSpeaking();
        own.onUserStartedSpeaking?.();
      },
      onDisconnected: () => this.#shut(),
      // Over a WebSocket the end comes as an error; both mean that the connection is gone.
      onError: (message) => (message?.data?.fatal ? this.#shut() : own.onError?.(message)),
      onTransportStateChanged: (state) => {
        if (state === "error") this.#shut();
      },
    };
  }

  #play(track, participant) {
    if (participant?.local || track.kind !== "audio") return;
    this.sound.srcObject = new MediaStream([track]);
    this.sound.play().catch(() => undefined);
  }
}

function stop(stream) {
  stream.getTracks().forEach((track) => track.stop());
}

function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("it took too long to connect")), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
