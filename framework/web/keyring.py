"""Where API keys are kept: a file of one machine, or the store that all gateways share."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from loguru import logger
from pydantic import ValidationError

from framework.errors import StoreError, UserError
from framework.web.apikeys import KeyRecord

VARIABLE = "CONVO_KEYS_FILE"
_DEFAULT = Path("var") / "keys.json"
_OWNER_ONLY = 0o600


class Keyring(Protocol):
    """Keeps the records of keys, never the keys."""

    async def all(self) -> list[KeyRecord]:
        """All of them, revoked ones too. Raises `FrameworkError` while they can't be read."""
        ...

    async def put(self, record: KeyRecord) -> None:
        """Keep a record, in place of the one with its id."""
        ...

    async def get(self, key_id: str) -> KeyRecord | None:
        """One record."""
        ...


class KeyStore(Protocol):
    """As much of the store as a keyring needs."""

    async def keys(self) -> dict[str, str]:
        """Key id → record, as JSON."""
        ...

    async def put_key(self, key_id: str, record: str, /) -> None:
        """Keep a record."""
        ...


def keys_file(root: Path, environment: Mapping[str, str] | None = None) -> Path:
    """Where the keys of a project are, if not in the store."""
    named = (os.environ if environment is None else environment).get(VARIABLE, "")
    return Path(named) if named else root / _DEFAULT


def keyring_of(root: Path, *, store: KeyStore | None = None, environment: Mapping[str, str] | None = None) -> Keyring:
    """The keyring that a gateway reads.

    A file that is named wins over the store, and must be there: a misspelt name must not open the door. Without a
    store that outlives the process (leave the embedded one out) it is the project's own file, if there is one.
    """
    named = bool((os.environ if environment is None else environment).get(VARIABLE, ""))
    if store is not None and not named:
        return StoreKeyring(store)
    return FileKeyring(keys_file(root, environment), required=named)


class FileKeyring:
    """Keys in a JSON file, for one machine; in Kubernetes a mounted Secret, which only this reads.

    Read again when it has changed. Written whole, under another name, and then put in its place.
    """

    def __init__(self, path: Path, *, required: bool = False) -> None:
        self.path = path
        self._required = required
        self._seen: tuple[int, int, int] | None = None
        self._records: dict[str, KeyRecord] = {}

    async def all(self) -> list[KeyRecord]:
        """All of them; none while there is no file."""
        return list(self._read().values())

    async def get(self, key_id: str) -> KeyRecord | None:
        """One record."""
        return self._read().get(key_id)

    async def put(self, record: KeyRecord) -> None:
        """Keep a record."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._alone():
                self._seen = None
                known = self._read() if self.path.exists() else {}
                self._write(known | {record.key_id: record})
        except OSError as error:
            raise self._unreadable(error.strerror or "it can't be written") from None

    def _read(self) -> dict[str, KeyRecord]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            if self._required:
                raise self._unreadable("there is no such file") from None
            self._seen, self._records = None, {}
            return self._records
        except OSError as error:
            raise self._unreadable(error.strerror or "it can't be read") from None
        seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        if seen != self._seen:
            if found.st_mode & stat.S_IWOTH:
                raise self._unreadable("everyone may write to it", fix=f"Run `chmod 600 {self.path}`.")
            self._records = self._parse()
            self._seen = seen
        return self._records

    def _parse(self) -> dict[str, KeyRecord]:
        try:
            items = json.loads(self.path.read_text(encoding="utf-8"))["keys"]
            records = [KeyRecord.model_validate(item) for item in items]
        except OSError as error:
            raise self._unreadable(error.strerror or "it can't be read") from None
        except ValidationError as error:
            raise self._unreadable(f"a record is wrong: {_places(error)}") from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._unreadable("it is no file of keys") from None
        return {record.key_id: record for record in records}

    def _write(self, records: dict[str, KeyRecord]) -> None:
        items = [record.model_dump(mode="json", exclude_none=True) for record in records.values()]
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # 0600 from the start
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"keys": items}, file, indent=2)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(_OWNER_ONLY)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep two commands that write at once from losing each other's key."""
        try:
            import fcntl  # noqa: PLC0415 - not on every platform
        except ImportError:  # pragma: no cover - Windows
            yield
            return
        with self.path.with_name(f".{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _unreadable(self, why: str, fix: str = "") -> UserError:
        return UserError(why, where=str(self.path), fix=fix or f"Mend the file, or name another one in {VARIABLE}.")


class StoreKeyring:
    """Keys in the store, for any number of gateways."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    async def all(self) -> list[KeyRecord]:
        """All of them. One that can't be read is left out, and lets nobody in."""
        records = []
        kept = await self._store.keys()
        for key_id, text in kept.items():
            try:
                record = KeyRecord.model_validate_json(text)
            except ValidationError as error:
                logger.bind(key=key_id[:32], problem=_places(error)).warning("a stored key can't be read")
                continue
            if record.key_id == key_id:
                records.append(record)
        if kept and not records:
            raise StoreError("none of the stored keys can be read", fix="Make new ones with `convo keys new`.")
        return records

    async def get(self, key_id: str) -> KeyRecord | None:
        """One record."""
        return next((record for record in await self.all() if record.key_id == key_id), None)

    async def put(self, record: KeyRecord) -> None:
        """Keep a record."""
        await self._store.put_key(record.key_id, record.model_dump_json(exclude_none=True))


def _places(error: ValidationError) -> str:
    """What is wrong with a record, without its values."""
    items = error.errors(include_url=False, include_input=False, include_context=False)
    return ", ".join(f"`{'.'.join(map(str, item['loc']))}` {item['msg']}" for item in items[:3])
