"""What must stand at a site before something can be made or changed there: replicas of the shared objects it refers to."""

from __future__ import annotations

from typing import Any

from hansa.model.call import Call
from hansa.model.resource import KINDS, Kind, Record
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.rules import references
from hansa.services.sharing.flavors import Flavors
from hansa.services.sharing.groups import Groups
from hansa.services.sharing.images import Images
from hansa.services.sharing.keys import Keys


class Preparing:
    """Brings replicas to a site."""

    def __init__(self, store: Store, flavors: Flavors, images: Images, groups: Groups, keys: Keys) -> None:
        self._store = store
        self.flavors = flavors
        self.images = images
        self.groups = groups
        self.keys = keys

    async def ensure(self, call: Call, member: Member, kind: Kind | None, item: dict[str, Any]) -> None:
        """Make sure of everything shared that `item` refers to. Raises BadRequest for what does not exist, SiteDown."""
        for record in await self.referred(item):
            if record.kind == 'image':
                await self.images.ensure(call, member, record.id)
            elif record.kind == 'security_group':
                await self.groups.ensure(call, member, record)
        flavor = item.get('flavorRef')
        if flavor is not None:
            await self.flavors.ensure(call, member, await self.flavors.find(call, str(flavor)))
        if kind is not None and kind.name == 'server':
            await self._names(call, member, item)

    async def _names(self, call: Call, member: Member, item: dict[str, Any]) -> None:
        """A server names groups and its key by name; a group named by id was seen to already."""
        key = item.get('key_name')
        if isinstance(key, str) and key:
            await self.keys.ensure(call, member, key)
        asked = item.get('security_groups')
        for each in asked if isinstance(asked, list) else ():
            word = each.get('name') if isinstance(each, dict) else None
            if isinstance(word, str) and not references.ID.fullmatch(word):
                await self.group(call, member, word)

    async def group(self, call: Call, member: Member, name: str) -> None:
        """A security group of the caller by name; 'default' of a new project stands at each site by itself."""
        found = await self.groups.find(call, name)
        if found is not None:
            await self.groups.ensure(call, member, found)

    async def distinct(self, call: Call, member: Member, item: dict[str, Any]) -> dict[str, Any]:
        """A server's description with groups by id where the site cannot tell two projects' groups of one name apart."""
        asked = item.get('security_groups')
        if member.managed or not isinstance(asked, list):
            return item
        chosen: list[Any] = []
        for each in asked:
            word = each.get('name') if isinstance(each, dict) else None
            found = await self.groups.find(call, word) if isinstance(word, str) and word else None
            chosen.append({'name': found.id} if found else each)
        return {**item, 'security_groups': chosen}

    async def referred(self, item: Any) -> list[Record]:
        """Records of everything that a body refers to by id; ids that the inventory does not know are passed over."""
        found: list[Record] = []
        for id in dict.fromkeys(references.ids(item)):
            for name in KINDS:
                record = await self._store.get(name, id)
                if record is not None:
                    found.append(record)
                    break
        return found
