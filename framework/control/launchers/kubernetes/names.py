"""Names and labels that Kubernetes accepts."""

from __future__ import annotations

import hashlib
import re

from framework.errors import LauncherError

LABEL_LIMIT = 63
LAUNCH, POOL, ENVIRONMENT = "convo.dev/launch", "convo.dev/pool", "convo.dev/environment"

_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")
_LAUNCH_ID = re.compile(r"^[a-z0-9]{1,57}$")
_ODD = re.compile(r"[^A-Za-z0-9_.-]+")


def job_name(launch_id: str) -> str:
    """The same launch has the same name, so that creating it twice is once.

    >>> job_name("a1b2c3d4e5f6")
    'convo-a1b2c3d4e5f6'
    """
    if not _LAUNCH_ID.match(launch_id):
        raise LauncherError(
            f"`{launch_id}` can't be a launch id", where="kubernetes", fix="Use small letters and digits only."
        )
    return f"convo-{launch_id}"


def ours(environment: str) -> dict[str, str]:
    """The labels of all that one environment's operators (`CONVO_ENV`) have made; others' are not theirs to end."""
    return {"app.kubernetes.io/managed-by": "convo-operator", ENVIRONMENT: label(environment)}


def label(text: str) -> str:
    """A label's value: the text itself where it can be one, else its beginning and a hash of the whole.

    >>> label("shared.default.any")
    'shared.default.any'
    >>> label("tenant Ümlaut.default.any")
    'tenant-mlaut.default.any-663f6f9034'
    """
    if len(text) <= LABEL_LIMIT and _VALUE.match(text):
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    readable = _ODD.sub("-", text)[: LABEL_LIMIT - len(digest) - 1].strip("-_.")
    return f"{readable}-{digest}" if readable else digest
