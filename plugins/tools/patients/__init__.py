"""Patients: who is calling, by name and date of birth, from a small SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from framework import (
    Action,
    Manifest,
    Registry,
    Resource,
    ResourceContext,
    Settings,
    Tool,
    ToolContext,
    action,
    hookimpl,
    tool,
)

from .store import Store


class PatientsSettings(Settings):
    """Read from `PATIENTS_DATABASE` and `PATIENTS_LIKENESS`, or from `convo.yaml`."""

    database: Path | None = None
    """The SQLite file; without it one in the plugin's own folder."""

    likeness: Annotated[float, Field(ge=0, le=1)] = 0.8
    """How alike a heard name must be to the one on file, from 0 to 1."""


class Verified(BaseModel):
    """Whether a caller is a patient of this clinic."""

    match: bool
    name: str | None = None
    """As it is on file, which may differ from how it was heard."""


@tool(
    examples=["I am a patient of yours", "can you look me up", "my name is Ada Lovelace, born the third of March 1985"]
)
async def verify(name: str, born: date, context: ToolContext) -> Verified:
    """Check whether a person is a patient, by full name and date of birth.

    Args:
        name: First and last name.
        born: Date of birth.
    """
    likeness = context.settings(PatientsSettings).likeness
    found = await context.resources.get(Store).patient(name, born, likeness)
    return Verified(match=found is not None, name=found)


@action
async def note_call(name: str, context: ToolContext, reason: str = "") -> None:
    """Write into the patient's record that they called.

    Args:
        name: The patient's name as it is on file.
        reason: What the call was about.
    """
    # The key is the same for every attempt at this very call: a repeated one writes nothing twice.
    await context.resources.get(Store).note(context.idempotency_key, name, context.today, reason)


async def open_store(context: ResourceContext) -> AsyncIterator[Store]:
    """One connection for each session; what stands after `yield` runs when the session is over."""
    file = context.settings(PatientsSettings).database or context.folder / "patients.db"
    store = await Store.open(file)
    yield store
    await store.close()


@hookimpl
def describe_plugin() -> Manifest:
    """What `convo plugins show patients` prints, and what is checked before the first call."""
    return Manifest(summary="Who is calling, by name and date of birth.", version="1.0", settings=PatientsSettings)


@hookimpl
def register_tools(tools: Registry[Tool]) -> None:
    """Offer `patients.verify`."""
    tools.add(verify)


@hookimpl
def register_actions(actions: Registry[Action]) -> None:
    """Offer `patients.note_call`."""
    actions.add(note_call)


@hookimpl
def register_resources(resources: Registry[Resource[Store]]) -> None:
    """Have a `Store` opened for each session that uses this plugin."""
    resources.add(Resource(Store, open_store))
