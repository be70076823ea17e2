"""Named things and who brought them. Names are never replaced silently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar, overload

from framework.errors import DuplicateNameError, UnknownNameError
from framework.suggest import did_you_mean


class Named(Protocol):
    """What can be registered: anything with a name."""

    @property
    def name(self) -> str:
        """What it is asked for by."""
        ...


Item = TypeVar("Item", bound=Named)
Other = TypeVar("Other")


class Registry(Mapping[str, Item]):
    """Name → thing, in the order they came; iterating gives the names.

    A plugin is handed a registry of its own and fills it; the host then takes over what is in it.

    >>> from framework.plugins.commands import Command
    >>> commands = Registry("command", owner="shop")
    >>> commands.add(Command(name="restock", run="shop.cli:restock")).name
    'restock'
    >>> commands.owner("restock")
    'shop'
    """

    def __init__(self, kind: str, *, owner: str = "") -> None:
        self.kind = kind
        self._owner = owner
        self._items: dict[str, Item] = {}
        self._owners: dict[str, str] = {}

    def add(self, item: Item) -> Item:
        """Register `item` under its name; returns it as it was registered."""
        item = self._owned(item, self._owner)
        self._put(item, self._owner)
        return item

    def take(self, other: Registry[Item]) -> None:
        """Take over all that a plugin has registered."""
        for name, item in other.items():
            self._put(item, other.owner(name))

    @overload
    def get(self, name: str, /) -> Item: ...
    @overload
    def get(self, name: str, default: Other, /) -> Item | Other: ...
    def get(self, name: str, /, *default: Other) -> Item | Other:
        """The thing of this name; without a default an unknown name is an error that offers the nearest one."""
        if name in self:
            return self[name]
        if default:
            return default[0]
        raise self._unknown(name)

    def names(self) -> list[str]:
        """All names, in the order they came."""
        return list(self._items)

    def owner(self, name: str) -> str:
        """The plugin that registered this name."""
        return self._owners[self._key(name)]

    def __getitem__(self, name: str) -> Item:
        return self._items[self._key(name)]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def _owned(self, item: Item, owner: str) -> Item:  # noqa: ARG002 - for registries that name things after their owner
        """The item as it is kept."""
        return item

    def _key(self, name: str) -> str:
        """The key under which a name is kept."""
        if name not in self._items:
            raise self._unknown(name)
        return name

    def _put(self, item: Item, owner: str) -> None:
        if item.name in self._items:
            raise self._twice(f"{self.kind} `{item.name}`", self._owners[item.name], owner)
        self._items[item.name] = item
        self._owners[item.name] = owner

    def _twice(self, what: str, first: str, second: str) -> DuplicateNameError:
        if first == second:
            return DuplicateNameError(
                f"{what} is registered twice", where=f"plugin `{first}`", fix="Remove one of the two."
            )
        return DuplicateNameError(
            f"{what} is registered twice",
            where=f"plugins `{first}` and `{second}`",
            fix=f"Rename one of them, or block a plugin in `convo.yaml`: `plugins: {{block: [{second}]}}`.",
        )

    def _unknown(self, name: str) -> UnknownNameError:
        return UnknownNameError(f"no plugin offers a {self.kind} `{name}`", fix=did_you_mean(name, self._items))


class Qualified(Registry[Item]):
    """A registry whose names begin with their plugin's: `patients.verify`."""

    def _owned(self, item: Item, owner: str) -> Item:
        if not owner or item.name.startswith(f"{owner}."):
            return item
        return self._renamed(item, f"{owner}.{item.name}")

    def _renamed(self, item: Item, name: str) -> Item:
        raise NotImplementedError
