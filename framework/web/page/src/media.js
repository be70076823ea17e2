/** The microphone and the loudspeaker, as Pipecat's transports want them: no vendor's engine, no other host. */

const CONSTRAINTS = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const LISTEN_RATE = 16000;
const SPEAK_RATE = 24000;

/** Ask for the microphone; whoever asked stops it. */
export function openMicrophone() {
  if (!navigator.mediaDevices?.getUserMedia) {
    return Promise.reject(new DOMException("no media devices in an insecure context", "SecurityError"));
  }
  return navigator.mediaDevices.getUserMedia({ audio: CONSTRAINTS });
}

const LOUD = 0.015;
const LOOK_MS = 30;

/** Listens along at the microphone: when was the person last heard? */
export class Ear {
  constructor(stream) {
    this.lastLoud = null;
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      if (Math.sqrt(power) > LOUD) this.lastLoud = performance.now();
    }, LOOK_MS);
  }

  close() {
    clearInterval(this.timer);
    this.context.close();
  }
}

/** No sound at all: what a typed session uses. Also the part that all managers share. */
export class Silence {
  constructor(stream = null) {
    this.stream = stream;
    this.callbacks = {};
    this.wanted = true;
    this.supportsScreenShare = false;
    this.selectedMic = this.selectedCam = this.selectedSpeaker = {};
    this.isCamEnabled = this.isSharingScreen = false;
  }

  setClientOptions(options) {
    this.callbacks = options.callbacks ?? {};
    this.wanted = options.enableMic ?? true;
  }

  setUserAudioCallback(callback) {
    this.heard = callback;
  }

  async initialize() {}

  async connect() {}

  async disconnect() {
    this.stream?.getTracks().forEach((track) => track.stop());
  }

  async userStartedSpeaking() {}

  bufferBotAudio() {}

  async getAllMics() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return devices.filter((device) => device.kind === "audioinput");
  }

  async getAllCams() {
    return [];
  }

  async getAllSpeakers() {
    return [];
  }

  updateMic() {}

  updateCam() {}

  updateSpeaker() {}

  enableCam() {}

  enableScreenShare() {}

  enableMic(on) {
    this.wanted = on;
    this.stream?.getAudioTracks().forEach((track) => (track.enabled = on));
  }

  get isMicEnabled() {
    return this.wanted && Boolean(this.stream);
  }

  tracks() {
    const [audio] = this.stream?.getAudioTracks() ?? [];
    return { local: audio ? { audio } : {} };
  }
}

/** WebRTC sends the microphone's track itself; there is nothing more to do. */
export class PeerMedia extends Silence {}

/** Over a WebSocket the page records and plays by itself. */
export class SocketMedia extends Silence {
  async connect() {
    if (this.recording) return;
    this.recording = new AudioContext({ sampleRate: LISTEN_RATE });
    this.playing = new AudioContext({ sampleRate: SPEAK_RATE });
    await Promise.all([this.recording, this.playing].map((context) => context.audioWorklet.addModule("/page/worklet.js")));
    const recorder = new AudioWorkletNode(this.recording, "recorder", { numberOfOutputs: 0 });
    recorder.port.onmessage = ({ data }) => this.heard?.(this.wanted ? data : new ArrayBuffer(data.byteLength));
    this.recording.createMediaStreamSource(this.stream).connect(recorder);
    this.player = new AudioWorkletNode(this.playing, "player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.player.connect(this.playing.destination);
    await Promise.all([this.recording.resume(), this.playing.resume()]);
  }

  async disconnect() {
    await super.disconnect();
    await Promise.all([this.recording, this.playing].map((context) => context?.close()));
    this.recording = this.playing = this.player = null;
  }

  /** The bot falls silent at once. */
  async userStartedSpeaking() {
    this.player?.port.postMessage(null);
  }

  bufferBotAudio(samples) {
    const copy = new Int16Array(samples);
    this.player?.port.postMessage(copy.buffer, [copy.buffer]);
  }
}
