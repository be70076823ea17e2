/** Microphone and loudspeaker for sessions over a WebSocket, on the browser's audio thread. */

const CHUNK = 320; // 20 ms at 16 kHz

/** Posts the microphone's samples as 16-bit integers, 20 ms at a time. */
class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.chunk = new Int16Array(CHUNK);
    this.filled = 0;
  }

  process([input]) {
    for (const sample of input[0] ?? []) {
      const clipped = Math.max(-1, Math.min(1, sample));
      this.chunk[this.filled++] = clipped < 0 ? clipped * 0x8000 : clipped * 0x7fff;
      if (this.filled === CHUNK) {
        this.port.postMessage(this.chunk.buffer, [this.chunk.buffer]);
        this.chunk = new Int16Array(CHUNK);
        this.filled = 0;
      }
    }
    return true;
  }
}

/** Plays what it is sent, in order; `null` makes it forget what is still to come. */
class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.position = 0;
    this.port.onmessage = ({ data }) => {
      if (data === null) [this.queue, this.position] = [[], 0];
      else this.queue.push(new Int16Array(data));
    };
  }

  process(_, [output]) {
    const channel = output[0];
    for (let index = 0; index < channel.length; index++) channel[index] = this.next();
    return true;
  }

  next() {
    if (!this.queue.length) return 0;
    const sample = this.queue[0][this.position++] / 0x8000;
    if (this.position === this.queue[0].length) {
      this.queue.shift();
      this.position = 0;
    }
    return sample;
  }
}

registerProcessor("recorder", Recorder);
registerProcessor("player", Player);
