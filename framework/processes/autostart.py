"""`RUNNER_AUTO_START=1`: one session from the environment, begun at once; the runner leaves with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from framework.control.records import OVER, Request
from framework.errors import UserError
from framework.sessions.spec import Room, SessionSpec
from framework.web.rooms import check_room
from framework.web.starting import Wanted, session_of

if TYPE_CHECKING:
    from framework.control.member import Member
    from framework.control.store import Store
    from framework.processes.fleet import Membership
    from framework.processes.supervisor import Supervisor
    from framework.project import Project

LOOK_S = 0.1


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether a session is to be begun at once."""
    value = environment.get("RUNNER_AUTO_START", "").strip() or "0"
    if value not in ("0", "1"):
        raise UserError(f"RUNNER_AUTO_START is `{value[:20]}`", fix="Set it to 1 to begin at once, or to 0 to wait.")
    return value == "1"


def spec_from(environment: Mapping[str, str], project: Project, *, test_profile: bool = False) -> SessionSpec:
    """The one session: its bot, its room, its person."""
    url = environment.get("DAILY_ROOM_URL", "").strip()
    user = environment.get("USER_ID", "").strip()
    spec = session_of(
        Wanted(
            bot=environment.get("CONVO_BOT", ""),
            channel=environment.get("CONVO_CHANNEL", ""),
            transport=environment.get("CONVO_TRANSPORT", "") or ("daily" if url else ""),
            identity={"id": user} if user else None,
            room=Room(url=check_room(url) if url else "", token=environment.get("DAILY_TOKEN", "")),
        ),
        project,
        test_profile=test_profile,
    )
    session_id = environment.get("SESSION_ID", "").strip()
    return SessionSpec.model_validate({**spec.model_dump(), **({"session_id": session_id} if session_id else {})})


def apart(membership: Membership, spec: SessionSpec) -> Membership:
    """A pool of the session's own: nothing else comes to this runner, and it goes to no other."""
    return replace(membership, pool=f"only-{spec.session_id}.default.{membership.build}", sessions=1)


async def join(store: Store, member: Member, spec: SessionSpec) -> str:
    """Ask the store for the session, so that it is this runner's; why it isn't, where another one has it."""
    await member.registered.wait()
    request = Request(spec=spec, room=spec.room.url or spec.session_id, pool=member.runner.pool, fingerprint="auto")
    joining = await store.join(request)
    if joining.outcome in ("assigned", "queued"):
        return ""
    return f"the session `{joining.session_id}` is another's already ({joining.outcome})"


async def until_over(supervisor: Supervisor, spec: SessionSpec) -> None:
    """Begin it here, without a fleet, and wait for its end."""
    await supervisor.start(spec)
    while supervisor.view(spec.session_id).state not in OVER:  # noqa: ASYNC110 - one look in a while costs nothing
        await asyncio.sleep(LOOK_S)
