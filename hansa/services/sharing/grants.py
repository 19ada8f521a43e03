"""What was granted to a project through the league: a network shared with it, a private volume type that it may use."""

from __future__ import annotations

from hansa.ports.store import Store


class Grants:
    """Kept by kind, project and id; several acts may grant the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note(self, kind: str, project: str, id: str, by: str = '') -> None:
        """A project may use an object of another; `by` tells apart what granted it (a policy's id)."""
        await self._store.set(f'grant/{kind}/{project}/{id}/{by}', b'true')

    async def forget(self, kind: str, project: str, id: str, by: str = '') -> None:
        """It may not any more, as far as this grant went."""
        await self._store.unset(f'grant/{kind}/{project}/{id}/{by}')

    async def granted(self, kind: str, project: str) -> tuple[str, ...]:
        """Ids of what a project was granted."""
        found = await self._store.values(f'grant/{kind}/{project}/')
        return tuple(dict.fromkeys(key.split('/')[3] for key in found))
