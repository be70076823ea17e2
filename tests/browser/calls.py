"""What a caller says into Chromium's microphone, and what was heard of the bot."""

import base64
import io
import wave

import av
import numpy as np
import soxr

RATE = 48_000
"""What Chromium takes for its microphone."""

RECORD = """
(() => {
  const chunks = (window.__chunks = []);
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", ({ track }) => {
        if (track.kind !== "audio") return;
        const recorder = (window.__recorder = new MediaRecorder(new MediaStream([track])));
        recorder.ondataavailable = ({ data }) => chunks.push(data);
        recorder.start(500);
      });
    }
  };
  window.__recording = async () => {
    if (window.__recorder?.state === "recording")
      await new Promise((done) => {
        window.__recorder.onstop = done;
        window.__recorder.stop();
      });
    const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };
})();
"""
"""Records what comes in over WebRTC, before the page's own script runs."""


def caller(path, lines):
    """A WAV in which each line begins at its second; a little noise between, as every microphone has."""
    from framework.services.providers.piper.voices import voice  # speech weighs

    spoken = [(begin, _higher(voice(), line)) for begin, line in lines]
    length = max(begin * RATE + len(sound) for begin, sound in spoken) + 60 * RATE
    track = np.random.default_rng(7).normal(0, 5, length)
    for begin, sound in spoken:
        track[begin * RATE : begin * RATE + len(sound)] += sound
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.clip(track, -32768, 32767).astype("<i2").tobytes())
    return path


def _higher(voice, line):
    """The voice in the box, an eighth higher and faster: another throat than the bot's."""
    samples = np.frombuffer(b"".join(voice.speak(line, noise=0.0, noise_width=0.0)), np.int16).astype(np.float32)
    return soxr.resample(samples, voice.sample_rate, RATE * 8 / 9)


def decoded(recording):
    """A recording of the page as samples at 16 kHz."""
    resampler = av.AudioResampler("s16", "mono", 16_000)
    pieces = []
    with av.open(io.BytesIO(base64.b64decode(recording))) as file:
        for frame in file.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.concatenate(pieces)


def transcribed(samples):
    """The words in it, phrase by phrase, by an open vocabulary."""
    from framework.services.providers.moonshine.decode import shared

    return " ".join(shared().decode(phrase).text for phrase in _phrases(samples))


def _phrases(samples, quiet=250, pause_s=0.35, rate=16_000):
    """Cut at silence."""
    frame = rate // 50
    loud = [np.abs(samples[i : i + frame]).max() > quiet for i in range(0, len(samples) - frame, frame)]
    begin, silent = None, 0
    for index, sounds in enumerate([*loud, *[False] * 50]):
        silent = 0 if sounds else silent + 1
        if sounds and begin is None:
            begin = index
        if begin is not None and silent * 0.02 > pause_s:
            phrase = samples[max(0, begin - 5) * frame : (index - 5) * frame]
            if len(phrase) > rate // 3:
                yield phrase.astype(np.float32) / 32768
            begin = None
