"""What a request would take of its project's quota, found out before anything is sent."""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.listing import Query
from hansa.model.quota import Amounts
from hansa.model.resource import Kind, Record
from hansa.ports.store import Store
from hansa.rules import multiple, quota

_SOURCES = (('source_volid', 'volume'), ('snapshot_id', 'snapshot'))


class Growth(msgspec.Struct, frozen=True):
    """A change that takes more: the intent's kind and what is taken. `whole` says that `charge` is what the object itself takes
    in all afterwards, else it is what comes in addition.
    """

    kind: str
    charge: Amounts
    whole: bool


class Charging:
    """Looks up what prices depend on: flavors, sources of volumes, volume types."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(self, kind: Kind, item: dict[str, Any], project: str) -> Amounts:
        """What a new object takes, or all of them where a request makes several.

        What comes with a server - its volumes and ports - is in it where a quota stands for it, as that is seen only later.
        """
        if kind.name == 'server':
            charge = await self._server(item)
            limits = await self._store.limits(project, '')
            capped = {each for places in limits.values() for caps in places.values() for each in caps}
            return {each: amount for each, amount in charge.items() if quota.service(each) == 'compute' or each in capped}
        if kind.name == 'volume':
            return quota.volumes(await self._size(item), await self._type(item.get('volume_type')))
        if kind.name == 'snapshot':
            return {'snapshots': 1, 'gigabytes': await self._size_of('volume', item.get('volume_id'))}
        return quota.simple(kind.name)

    async def _server(self, item: dict[str, Any]) -> Amounts:
        count = multiple.most(item)
        charges = [quota.servers(await self._flavor(item.get('flavorRef')), count), {'port': count * _ports(item.get('networks'))}]
        disks = item.get('block_device_mapping_v2')
        for disk in disks if isinstance(disks, list) else []:
            if isinstance(disk, dict) and disk.get('destination_type') == 'volume' and disk.get('source_type') != 'volume':
                size = quota.number(disk.get('volume_size'))
                if not size and disk.get('source_type') == 'snapshot':
                    size = await self._size_of('snapshot', disk.get('uuid'))
                charges.append(quota.volumes(size, await self._type(disk.get('volume_type')), count))
        return {each: amount for each, amount in quota.together(charges).items() if amount}

    async def growth(self, record: Record | None, method: str, tail: str, body: dict[str, Any] | None) -> Growth | None:
        """What a change of an object takes more; None for nothing."""
        if record is None or body is None or method not in {'POST', 'PUT'}:
            return None
        if record.kind == 'server' and tail == '/action' and isinstance(body.get('resize'), dict):
            charge = quota.servers(await self._flavor(body['resize'].get('flavorRef')))
            return Growth('server.resize', {each: charge[each] for each in ('cores', 'ram')}, whole=True)
        if record.kind == 'volume' and tail == '/action':
            return await self._volume(record, body)
        if record.kind == 'server' and tail == '/os-interface' and not _named(body.get('interfaceAttachment'), 'port_id'):
            return Growth('port.attach', {'port': 1}, whole=False)
        if record.kind == 'router' and tail == '/add_router_interface' and _named(body, 'subnet_id'):
            return Growth('port.attach', {'port': 1}, whole=False)
        return None

    async def _volume(self, record: Record, body: dict[str, Any]) -> Growth | None:
        doc = msgspec.json.decode(record.doc)
        if isinstance(body.get('os-extend'), dict):
            charge = quota.volumes(quota.number(body['os-extend'].get('new_size')), str(doc.get('volume_type') or ''))
            return Growth('volume.extend', {each: amount for each, amount in charge.items() if each.startswith('gigabytes')}, whole=True)
        if isinstance(body.get('os-retype'), dict):
            type = await self._type(body['os-retype'].get('new_type'))
            return Growth('volume.retype', quota.volumes(quota.number(doc.get('size')), type), whole=True)
        return None

    async def _flavor(self, word: Any) -> Any:
        record = await self._store.get('flavor', str(word).rpartition('/')[2])
        return msgspec.json.decode(record.doc) if record else None

    async def _size(self, item: dict[str, Any]) -> int:
        size = quota.number(item.get('size'))
        for key, kind in _SOURCES:
            if not size and item.get(key):
                size = await self._size_of(kind, item[key])
        return size

    async def _size_of(self, kind: str, id: Any) -> int:
        record = await self._store.get(kind, str(id))
        return quota.number(msgspec.json.decode(record.doc).get('size')) if record else 0

    async def _type(self, word: Any) -> str:
        """The name of a volume type by name or id; '' where none is named or known."""
        if not isinstance(word, str) or not word:
            return ''
        records = await self._store.page(Query('volume_type'))
        return next((record.name for record in records if word in {record.id, record.name}), '')


def _ports(networks: Any) -> int:
    """How many ports a server's networks make; Nova takes the project's network where none is named."""
    if isinstance(networks, list) and networks:
        return sum(1 for each in networks if isinstance(each, dict) and not each.get('port'))
    return 0 if networks == 'none' else 1


def _named(item: Any, key: str) -> bool:
    return isinstance(item, dict) and bool(item.get(key))
