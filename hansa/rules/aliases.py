"""Which id stands for which: the league's aliases, held in memory for look-ups in both directions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import TypeVar

from hansa.model.alias import Alias, AliasKind

_K = TypeVar('_K', bound=Hashable)


class AliasBook:
    """An index of aliases. A project's own replica comes before one that serves all projects.

    Ids are unique over all kinds but for key pairs, whose ids at a site are names that users chose. Of aliases that
    contend for one id the one that came first stands. Every look-up costs the same however many there are.
    """

    def __init__(self, aliases: Iterable[Alias] = ()) -> None:
        self._all: dict[tuple[str, str, str, str], Alias] = {}
        self._local: dict[tuple[str, str, str], list[Alias]] = {}
        self._league: dict[tuple[str, str, bool], list[Alias]] = {}
        self._of_kind: dict[str, dict[Alias, None]] = {}
        self._of_site: dict[tuple[str, str], dict[Alias, None]] = {}
        self._of_league: dict[tuple[str, str], dict[Alias, None]] = {}
        self._changes: Counter[str] = Counter()
        self.add(aliases)

    def changes(self, site: str) -> int:
        """How often an alias of a site came or went: as long as it is the same, so are all look-ups there."""
        return self._changes[site]

    def add(self, aliases: Iterable[Alias]) -> None:
        """Take these up; one of equal (site, kind, league, project) is replaced."""
        for alias in aliases:
            key = _key(alias)
            old = self._all.get(key)
            if old == alias:
                continue
            if old is not None:
                self._forget(old)
            self._all[key] = alias
            self._changes[alias.site] += 1
            self._local.setdefault((alias.site, alias.league, alias.project), []).append(alias)
            self._league.setdefault((alias.site, alias.local, alias.kind == 'keypair'), []).append(alias)
            self._of_kind.setdefault(alias.kind, {})[alias] = None
            self._of_site.setdefault((alias.kind, alias.site), {})[alias] = None
            self._of_league.setdefault((alias.kind, alias.league), {})[alias] = None

    def drop(self, aliases: Iterable[Alias]) -> None:
        """Forget these; one that has another local id by now stays, unknown ones are passed over."""
        for alias in aliases:
            if self._all.get(_key(alias)) == alias:
                self._forget(alias)

    def replace(self, aliases: Iterable[Alias]) -> list[Alias]:
        """Hold these and no others; returns those that went."""
        wanted = {_key(alias): alias for alias in aliases}
        gone = [alias for key, alias in self._all.items() if key not in wanted]
        self.drop(gone)
        self.add(wanted.values())
        return gone

    def leave(self, site: str) -> list[Alias]:
        """Forget all of a site; returns them."""
        gone = [alias for alias in self._all.values() if alias.site == site]
        self.drop(gone)
        return gone

    def _forget(self, alias: Alias) -> None:
        del self._all[_key(alias)]
        self._changes[alias.site] += 1
        _remove(self._local, (alias.site, alias.league, alias.project), alias)
        _remove(self._league, (alias.site, alias.local, alias.kind == 'keypair'), alias)
        del self._of_kind[alias.kind][alias]
        _remove(self._of_site, (alias.kind, alias.site), alias)
        _remove(self._of_league, (alias.kind, alias.league), alias)

    def local(self, site: str, league: str, project: str = '') -> str:
        """The site's id for a league id as this project has it; '' where no alias stands."""
        found = self._local.get((site, league, project)) or self._local.get((site, league, ''))
        return found[0].local if found else ''

    def league(self, site: str, local: str, kind: str = '') -> str:
        """The league's id for a site's id; '' where no alias stands. `kind` must be given for a key pair."""
        found = self._league.get((site, local, kind == 'keypair'))
        return found[0].league if found else ''

    def of(self, kind: AliasKind, league: str = '', site: str = '') -> list[Alias]:
        """All aliases of a kind, of one league id and at one site where these are given, in the order in which they came."""
        if league:
            return [alias for alias in self._of_league.get((kind, league), ()) if site in {'', alias.site}]
        return list(self._of_site.get((kind, site), ()) if site else self._of_kind.get(kind, ()))


def _key(alias: Alias) -> tuple[str, str, str, str]:
    return alias.site, alias.kind, alias.league, alias.project


def _remove(index: dict[_K, list[Alias]] | dict[_K, dict[Alias, None]], key: _K, alias: Alias) -> None:
    """Take one out, and what held it when it was the last."""
    held = index[key]
    if isinstance(held, list):
        held.remove(alias)
    else:
        del held[alias]
    if not held:
        del index[key]
