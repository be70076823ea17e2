"""Keys that Pipecat's services have in common: a check reads these tables, a test compares them with Pipecat."""

from __future__ import annotations

from typing import Any, Literal

COMMON: dict[str, Any] = {"model": str | None, "extra": dict[str, Any]}
"""Settings of every service; what `extra` holds goes to the vendor as it is."""

LLM: dict[str, Any] = {
    **COMMON,
    "temperature": float | None,
    "max_tokens": int | None,
    "top_p": float | None,
    "top_k": int | None,
    "frequency_penalty": float | None,
    "presence_penalty": float | None,
    "seed": int | None,
    "use_provider_thinking_default": bool,
}

LLM_ARGS: dict[str, Any] = {
    "run_in_parallel": bool,
    "group_parallel_tools": bool,
    "function_call_timeout_secs": float | None,
}

STT: dict[str, Any] = {**COMMON, "language": str | None}

STT_ARGS: dict[str, Any] = {"sample_rate": int | None, "ttfs_p99_latency": float | None}

TTS: dict[str, Any] = {**COMMON, "voice": str | None, "voice_id": str | None, "language": str | None}

TTS_ARGS: dict[str, Any] = {
    "sample_rate": int | None,
    "append_trailing_space": bool,
    "text_aggregation_mode": Literal["sentence", "token"],
}
