"""Keeping what the league knows of private flavors level with the sites' own lists of who may use them."""

from __future__ import annotations

from hansa.model.listing import Filter, Query
from hansa.ports.store import Store
from hansa.services.sharing.access import Access

MOST = 500


class Admitting:
    """Asks about each private flavor in turn."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    async def go_over(self) -> int:
        """One pass; how many flavors were asked about."""
        private = Filter(('doc', 'os-flavor-access:is_public'), 'in', ('false',))
        found = await self._store.page(Query('flavor', filters=(private,), limit=MOST))
        for record in found:
            await self._access.learn(record)
        return len(found)
