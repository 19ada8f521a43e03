"""What was known of servers and their volumes before a site told of a server anew: by the inventory, or, far from it, by what was told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from hansa.model.batch import Change
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.sync.intake import Intake

_IN_USE = 'in-use'


class _Server(msgspec.Struct):
    volumes: Any = msgspec.field(default=(), name='os-extended-volumes:volumes_attached')


class Attached(Protocol):
    """Of one site; ids are the site's."""

    async def volumes(self, servers: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Volumes that servers had; those of which nothing is known may be left out."""
        ...

    async def in_use(self, volume: str) -> bool:
        """Whether a volume was attached to something."""
        ...

    def note(self, changes: Iterable[Change]) -> None:
        """So it is told now."""
        ...


class Inventory:
    """As the inventory has it, which learns by itself what is told."""

    def __init__(self, member: Member, store: Store, intake: Intake) -> None:
        self._member = member
        self._store = store
        self._intake = intake

    async def volumes(self, servers: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Of the documents that are kept of them, which are read together: after each write of anybody a reader has to find its way anew."""
        records = await self._intake.standings(self._member, 'server', servers)
        return {record.site_id: _ids(msgspec.json.decode(record.doc, type=_Server).volumes) for record in records}

    async def in_use(self, volume: str) -> bool:
        """By the record that is kept of it."""
        record = await self._store.get('volume', volume)
        return record is not None and record.status == _IN_USE

    def note(self, changes: Iterable[Change]) -> None:
        """Nothing has to be kept here."""


class Notes:
    """As it was told since the agent began: never more than the site has of volumes that are attached."""

    def __init__(self) -> None:
        self._volumes: dict[str, frozenset[str]] = {}
        self._in_use: set[str] = set()

    async def volumes(self, servers: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """As their last documents said."""
        return {server: self._volumes[server] for server in servers if server in self._volumes}

    async def in_use(self, volume: str) -> bool:
        """As its last document said."""
        return volume in self._in_use

    def note(self, changes: Iterable[Change]) -> None:
        """What has none is not kept."""
        for change in changes:
            if change.kind == 'server':
                if volumes := of(change.doc or {}):
                    self._volumes[change.id] = volumes
                else:
                    self._volumes.pop(change.id, None)
            elif change.kind == 'volume':
                if (change.doc or {}).get('status') == _IN_USE:
                    self._in_use.add(change.id)
                else:
                    self._in_use.discard(change.id)


def of(server: dict[str, Any]) -> frozenset[str]:
    """Ids of a server's volumes, by its own document."""
    return _ids(server.get('os-extended-volumes:volumes_attached'))


def _ids(attached: Any) -> frozenset[str]:
    return frozenset(str(each['id']) for each in attached or () if isinstance(each, dict) and 'id' in each)
