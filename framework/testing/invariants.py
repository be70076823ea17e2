"""What must hold in the store's keys after every call, whoever made it: read all of them, and say what is broken.

stored = await Stored.read(connection, "{convo:dev}:")
assert stored.broken() == []
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from framework.control.connection import Connection
from framework.control.records import LIVE, OPEN, OVER, STATES

Scores = dict[str, int]

_ALL = """
local found = {}
for _, name in ipairs(redis.call('KEYS', KEYS[1] .. '*')) do
  local kind, row = redis.call('TYPE', name).ok, nil
  if kind == 'hash' then row = redis.call('HGETALL', name)
  elseif kind == 'zset' then row = redis.call('ZRANGE', name, 0, -1, 'WITHSCORES')
  elseif kind == 'set' then row = redis.call('SMEMBERS', name) end
  if row then found[#found + 1] = { string.sub(name, #KEYS[1] + 1), kind, row } end
end
return cjson.encode(found)
"""
"""All keys but the streams, as they are at one moment."""

LEGAL: dict[str, set[str]] = {
    "queued": {"assigned", "claimed", "joined", *OVER},
    "assigned": {"queued", "claimed", "joined", *OVER},
    "claimed": {"queued", "assigned", "joined", *OVER},
    "joined": {"queued", "assigned", "claimed", *OVER},
    "ended": set(),
    "failed": set(),
}
"""Where a session may be after one call of a script: `done` may requeue and assign in one, and `adopt` takes it from
wherever a store that lost its last seconds has it."""


@dataclass
class Stored:
    """All keys of one environment, as they lie in the store."""

    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    scores: dict[str, Scores] = field(default_factory=dict)
    sets: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    async def read(cls, connection: Connection, prefix: str) -> Self:
        """Read them, in one moment."""
        found = json.loads(await connection.do("EVAL", _ALL, 1, prefix))
        stored = cls()
        for name, kind, row in found:
            pairs = dict(zip(row[::2], row[1::2], strict=True)) if kind != "set" else {}
            if kind == "hash":
                stored.hashes[name] = pairs
            elif kind == "zset":
                stored.scores[name] = {member: int(float(at)) for member, at in pairs.items()}
            else:
                stored.sets[name] = set(row)
        return stored

    # --- What is there ----------------------------------------------------------------------------------------------

    def under(self, start: str) -> dict[str, dict[str, str]]:
        """The hashes whose names begin so, by the rest of the name."""
        return {name.removeprefix(start): row for name, row in self.hashes.items() if name.startswith(start)}

    @property
    def sessions(self) -> dict[str, dict[str, str]]:
        """Session → its fields."""
        return self.under("s:")

    @property
    def runners(self) -> dict[str, dict[str, str]]:
        """Runner → its fields."""
        return self.under("r:")

    @property
    def due(self) -> Scores:
        """Session → its deadline."""
        return self.scores.get("due", {})

    @property
    def rooms(self) -> dict[tuple[str, str, str], str]:
        """(tenant, room, role) → session."""
        return {
            (*place.split(":", 1), role): sid  # type: ignore[misc]  # two parts
            for place, roles in self.under("room:").items()
            for role, sid in roles.items()
        }

    def owned(self, runner: str) -> set[str]:
        """A runner's sessions."""
        return self.sets.get(f"own:{runner}", set())

    def waiting(self) -> dict[str, list[str]]:
        """`pool:priority:tenant` → the sessions that wait there."""
        return {name.removeprefix("q:"): [*row] for name, row in self.scores.items() if name.startswith("q:")}

    # --- What is wrong ----------------------------------------------------------------------------------------------

    def broken(self, before: Stored | None = None) -> list[str]:
        """What is not as it must be; with what was `before` one call, also whether that call was a legal one."""
        found = [*self._places(), *self._lists(), *self._rooms(), *self._slots(), *self._turns()]
        return [*found, *self._moves(before)] if before else found

    def _places(self) -> Iterator[str]:
        """One place for each session: a queue, or a runner; and a deadline as long as it is open."""
        queued = [sid for row in self.waiting().values() for sid in row]
        owned = [
            (sid, name.removeprefix("own:"))
            for name, row in self.sets.items()
            if name.startswith("own:")
            for sid in row
        ]
        for sid, s in self.sessions.items():
            expected = 1 if s["state"] == "queued" else 0
            if queued.count(sid) != expected:
                yield f"{sid} is {s['state']} and in {queued.count(sid)} queues"
            owners = [runner for one, runner in owned if one == sid]
            if owners != ([s["runner"]] if s["state"] in LIVE else []):
                yield f"{sid} is {s['state']} at {s['runner']!r} and owned by {owners}"
            if (sid in self.due) != (s["state"] in OPEN):
                yield f"{sid} is {s['state']} and {'has a' if sid in self.due else 'has no'} deadline"
        for sid in {*queued, *self.due, *(sid for sid, _ in owned)} - {*self.sessions}:
            yield f"{sid} has a place and no record"

    def _lists(self) -> Iterator[str]:
        """The lists by state, by tenant and by bot agree with the sessions."""
        for state in STATES:
            there = {sid for sid, s in self.sessions.items() if s["state"] == state}
            listed = {*self.scores.get(f"idx:{state}", {})}
            if state in OPEN and listed != there:
                yield f"{state}: listed {sorted(listed)}, but so are {sorted(there)}"
            if listed - there:
                yield f"{state}: listed without being so: {sorted(listed - there)}"
            by_tenant = [sid for name, row in self.scores.items() if name.startswith(f"idx:{state}:") for sid in row]
            if sorted(by_tenant) != sorted(listed):
                yield f"{state}: listed by tenant {sorted(by_tenant)}, in all {sorted(listed)}"
        of_bots = {
            (name.removeprefix("bot:"), sid)
            for name, row in self.sets.items()
            if name.startswith("bot:")
            for sid in row
        }
        if of_bots != (bots := {(s["bot"], sid) for sid, s in self.sessions.items() if s["state"] in OPEN}):
            yield f"counted by bot: {sorted(of_bots)}, but there are {sorted(bots)}"

    def _rooms(self) -> Iterator[str]:
        """One bot of each role in a room, and it is an open session of that room."""
        places = {(s["tenant"], s["room"], s["role"]): sid for sid, s in self.sessions.items() if s["state"] in OPEN}
        if places != self.rooms:
            yield f"in rooms: {self.rooms}, but sessions say {places}"

    def _slots(self) -> Iterator[str]:
        """Free slots are a runner's capacity without what it owns."""
        for name, row in self.scores.items():
            for runner, free in row.items() if name.startswith("pool:") else ():
                r = self.runners.get(runner)
                slots = int(r["capacity"]) - len(self.owned(runner)) if r else 0
                if r is None or free != slots or free <= 0 or "1" in (r["dead"], r["draining"]):
                    yield f"{runner} is in {name} with {free} free slots, and has {slots}: {r}"

    def _turns(self) -> Iterator[str]:
        """Each tenant with a session waiting has its turn, and no other."""
        turns = {
            f"{name.removeprefix('turn:')}:{turn.replace('|', ':', 1)}"
            for name, row in self.scores.items()
            if name.startswith("turn:")
            for turn in row
        }
        if turns != (queues := {*self.waiting()}):
            yield f"turns {sorted(turns)}, queues {sorted(queues)}"

    def _moves(self, before: Stored) -> Iterator[str]:
        """Epochs never fall, and rise with each new holder; states change as they may; what is over stays over."""
        for sid, was in before.sessions.items():
            now = self.sessions.get(sid)
            if now is None:
                yield f"{sid} has vanished"
                continue
            rise = int(now["epoch"]) - int(was["epoch"])
            if rise < 0:
                yield f"{sid}: the epoch fell from {was['epoch']} to {now['epoch']}"
            if now["state"] != was["state"] and now["state"] not in LEGAL[was["state"]]:
                yield f"{sid}: {was['state']} → {now['state']}"
            if rise == 0 and now["state"] in LIVE and now["runner"] != was["runner"]:
                yield f"{sid}: another runner under the same epoch"
            if rise == 0 and now["state"] in ("queued", "assigned") and now["state"] != was["state"]:
                yield f"{sid}: {was['state']} → {now['state']} under the same epoch"
