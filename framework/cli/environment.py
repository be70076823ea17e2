"""Environment names that operators of older systems have set, and what they mean here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Name:
    """One name, or one older name of it."""

    name: str
    meaning: str
    default: str = ""
    secret: bool = False
    ours: str = ""
    """A setting of ours with the same meaning, which wins."""
    gone: bool = False
    """Set, it changes nothing any more."""
    later: bool = False
    """Set, it changes nothing yet: what reads it is not in this version."""

    def shown(self, value: str) -> str:
        """The value as it may be shown: of a secret only that there is one, of an address no password."""
        if self.secret:
            return "(set)"
        before, at, after = value.rpartition("@")
        if at and "://" in before:
            return f"{before.partition('://')[0]}://…@{after}"
        return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"


_LONGEST = 60

NAMES = (
    Name("REDIS_URL", "the store", "redis://localhost:6379/0 where Redis is asked for, else embedded"),
    Name("DAILY_API_KEY", "creates Daily rooms and tokens", secret=True, later=True),
    Name("DAILY_API_URL", "where Daily's API is", "https://api.daily.co/v1", later=True),
    Name("DAILY_ROOM_URL", "room of a runner's one session (RUNNER_AUTO_START=1)"),
    Name("DAILY_TOKEN", "token for that room", secret=True),
    Name("USER_ID", "user of that session"),
    Name("SESSION_ID", "id of that session"),
    Name("RUNNER_AUTO_START", "1: begin one session at once and leave with it; 0: wait in the pool", "0"),
    Name("OPENAI_API_KEY", "OpenAI", secret=True),
    Name("ELEVENLABS_API_KEY", "ElevenLabs", secret=True),
    Name("DEEPGRAM_API_KEY", "Deepgram", secret=True),
    Name("GOOGLE_API_KEY", "Google", secret=True, later=True),
    Name("GEMINI_API_KEY", "Google; older name of GOOGLE_API_KEY", secret=True, ours="GOOGLE_API_KEY", later=True),
    Name("GROQ_API_KEY", "Groq", secret=True, later=True),
    Name("ASSEMBLY_API_KEY", "AssemblyAI", secret=True, ours="ASSEMBLYAI_API_KEY", later=True),
    Name("ASSEMBLYAI_API_KEY", "AssemblyAI", secret=True, later=True),
    Name("INWORLD_API_KEY", "Inworld", secret=True, later=True),
    Name("BOT_TTS_PROVIDER", "speech of a stack that names none", "elevenlabs", later=True),
    Name("LIVEKIT_URL", "LiveKit server", later=True),
    Name("LIVEKIT_API_KEY", "LiveKit: rooms, tokens, webhook signatures", secret=True),
    Name("LIVEKIT_API_SECRET", "LiveKit: rooms, tokens, webhook signatures", secret=True),
    Name("MAX_BOTS", "sessions at a time, and slots of all runners", "50", ours="CONVO_LIMITS_MAX_LIVE"),
    Name("PREWARM_POOL_SIZE", "free slots that the operator keeps ready", "3", ours="CONVO_OPERATOR_WARM"),
    Name("SESSION_TIMEOUT", "longest session, in milliseconds", "1800000", ours="CONVO_LIMITS_SESSION_MS"),
    Name("BOT_STARTUP_TIMEOUT", "from claimed to joined, in seconds", "30", ours="CONVO_LIMITS_START_MS"),
    Name(
        "BOT_HEARTBEAT_STALE_SECS",
        "with the next one, a runner's lease: seconds of one stale reading",
        "5",
        ours="CONVO_LIMITS_LEASE_MS",
    ),
    Name(
        "BOT_ZOMBIE_REQUIRED_STALE_HITS",
        "stale readings until a runner is given up",
        "2",
        ours="CONVO_LIMITS_LEASE_MS",
    ),
    Name("METRICS_INGEST_URL", "every turn's record is posted there", later=True),
    Name("CONVEX_URL", "backend of the shopping tools", later=True),
    Name("PCC_PRIVATE_KEY", "deploys to Pipecat Cloud", secret=True, later=True),
    Name("BOT_HEARTBEAT_DIR", "nothing: runners keep leases in the store", gone=True),
    Name("BOT_ADMIN_MESSAGE_DIR", "nothing: orders are given by POST /admin or `convo admin`", gone=True),
)
"""In the order of the table that operators know."""


@dataclass(frozen=True)
class Reading:
    """What has become of one name."""

    name: Name
    value: str
    """As it may be shown; empty where it is not set."""
    by: str = ""
    """The name that wins over it."""


def readings(environment: Mapping[str, str]) -> list[Reading]:
    """All names, and which of them count.

    >>> [one.value for one in readings({"MAX_BOTS": "7", "OPENAI_API_KEY": "sk-1"}) if one.value]
    ['(set)', '7']
    """
    found = []
    for name in NAMES:
        value = environment.get(name.name, "").strip()
        winner = name.ours if value and environment.get(name.ours, "").strip() else ""
        found.append(Reading(name, name.shown(value) if value else "", winner))
    return found
