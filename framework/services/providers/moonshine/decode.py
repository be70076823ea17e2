"""Decode speech: encode once, then one token after another with a cache, leaning towards what is expected."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import needs
from framework.services.providers.moonshine.bias import Bias, Tokens
from framework.services.providers.moonshine.store import TOKENS, ready

with needs("offline"):
    import onnxruntime  # type: ignore[import-untyped]

RATE = 16_000
BEGIN, END = 1, 2

SHORTEST = RATE // 4
"""Samples that the encoder needs; shorter speech is padded with silence."""

LONGEST = RATE * 30
"""Samples that are listened to at once: the model knows no longer speech."""

TOKENS_PER_S = 6.5
"""Nobody speaks faster; a model that does is repeating itself."""

FEWEST = 4
"""Tokens that even the shortest speech may have."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was heard."""

    text: str
    confidence: float
    """Mean log-probability of its tokens, without the lean: 0 is certain."""
    tokens: int


class Moonshine:
    """The model; one serves all sessions of a process, from any thread."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.tokens = Tokens.read(folder / TOKENS)
        self._encoder = _session(folder / "encoder_model.onnx", threads)
        self._decoder = _session(folder / "decoder_model_merged.onnx", threads)
        self._heard = self._encoder.get_inputs()[0].name
        inputs = self._decoder.get_inputs()
        self._inputs = {one.name for one in inputs}
        self._empty = {
            one.name: np.zeros([1, one.shape[1], 0, one.shape[3]], np.float32)
            for one in inputs
            if one.name.startswith("past")
        }
        self._caches = [one.name.replace("present", "past_key_values") for one in self._decoder.get_outputs()[1:]]

    def decode(self, samples: Any, bias: Bias | None = None) -> Decoded:
        """What is said in mono samples of 16 kHz between -1 and 1. The first token may not be the end."""
        states = self._encode(samples[:LONGEST])
        begun = bias.start() if bias else []
        caches, token, ids, surprises = dict(self._empty), BEGIN, [], []
        for step in range(self._most(len(samples))):
            logits = self._step(token, states, caches, first=step == 0)
            lifted = bias.lifted(logits, begun) if bias else logits.copy()
            if step == 0:
                lifted[END] = -np.inf
            token = int(lifted.argmax())
            surprises.append(_log_probability(logits, token))
            if token == END:
                break
            ids.append(token)
            begun = bias.after(begun, token) if bias else begun
        return Decoded(self.tokens.decode(ids), float(np.mean(surprises)), len(ids))

    def _most(self, samples: int) -> int:
        return max(FEWEST, int(min(samples, LONGEST) / RATE * TOKENS_PER_S))

    def _encode(self, samples: Any) -> Any:
        padded = np.pad(samples, (0, max(0, SHORTEST - len(samples)))).astype(np.float32)
        return self._encoder.run(None, {self._heard: padded[None]})[0]

    def _step(self, token: int, states: Any, caches: dict[str, Any], *, first: bool) -> Any:
        """The scores after a token; keeps the caches (those over the speech are made once)."""
        feeds = {
            "input_ids": np.array([[token]], np.int64),
            "encoder_hidden_states": states,
            "encoder_attention_mask": np.ones((1, states.shape[1]), np.int64),
            "use_cache_branch": np.array([not first]),
            **caches,
        }
        outputs = self._decoder.run(None, {name: value for name, value in feeds.items() if name in self._inputs})
        new = zip(self._caches, outputs[1:], strict=True)
        caches.update((name, value) for name, value in new if first or ".encoder." not in name)
        return outputs[0][0, -1]


def _session(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # for inputs of one length: with sentences it keeps a block for each length
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _log_probability(logits: Any, token: int) -> float:
    highest = logits.max()
    return float(logits[token] - highest - np.log(np.exp(logits - highest).sum()))


_LOADING = threading.Lock()


def shared(threads: int = 1) -> Moonshine:
    """The process's model, loaded at the first call (about a second, 165 MB)."""
    with _LOADING:
        return _loaded(ready(), threads)


@lru_cache(maxsize=2)
def _loaded(folder: Path, threads: int) -> Moonshine:
    return Moonshine(folder, threads)
