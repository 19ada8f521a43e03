"""Objects that administrators make at every site alike and that the inventory does not keep: QoS specs, group types, rule templates.

Those of one name, or of one content where they have no name, are one object of the league.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from hansa.model.alias import Alias, AliasKind
from hansa.ports.store import Store
from hansa.rules.aliases import AliasBook

Alike = Callable[[dict[str, Any]], str]
"""What twins have in common, from a document."""


class Twins:
    """Gives twins one id: the one at the first site that has it."""

    def __init__(self, store: Store, book: AliasBook) -> None:
        self._store = store
        self._book = book

    async def match(self, kind: AliasKind, told: Iterable[tuple[str, list[dict[str, Any]]]], alike: Alike) -> None:
        """Put the league's ids into what sites told, in place; `told` are (site, documents) in the order of the sites."""
        known: dict[str, str] = {}
        drops: list[Alias] = []
        adds: list[Alias] = []
        for site, documents in told:
            for document in documents:
                shown = str(document['id'])
                local = self._book.local(site, shown) or shown
                league = known.setdefault(alike(document), shown)
                if league != shown:
                    drops += [alias for alias in self._book.of(kind, site=site) if alias.local == local]
                    adds += [Alias(site, kind, league, local)] if league != local else []
                    document['id'] = league
        await self._store.drop_aliases(drops)
        self._book.drop(drops)
        await self._store.add_aliases(adds)
        self._book.add(adds)

    async def forget(self, kind: AliasKind, league: str) -> None:
        """It was deleted at every site."""
        aliases = self._book.of(kind, league)
        await self._store.drop_aliases(aliases)
        self._book.drop(aliases)
