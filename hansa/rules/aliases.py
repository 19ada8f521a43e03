"""Which id stands for which: the league's aliases, held in memory for look-ups in both directions."""

from __future__ import annotations

from collections.abc import Iterable

from hansa.model.alias import Alias, AliasKind


class AliasBook:
    """An index of aliases. A project's own replica comes before one that serves all projects."""

    def __init__(self, aliases: Iterable[Alias] = ()) -> None:
        self._local: dict[str, dict[str, dict[str, str]]] = {}
        self._league: dict[str, dict[str, str]] = {}
        self._all: dict[tuple[str, str, str, str], Alias] = {}
        self.add(aliases)

    def add(self, aliases: Iterable[Alias]) -> None:
        """Take these up; one of equal (site, kind, league, project) is replaced."""
        for alias in aliases:
            self._all[alias.site, alias.kind, alias.league, alias.project] = alias
            self._local.setdefault(alias.site, {}).setdefault(alias.league, {})[alias.project] = alias.local
            self._league.setdefault(alias.site, {}).setdefault(alias.local, alias.league)

    def drop(self, aliases: Iterable[Alias]) -> None:
        """Forget these; unknown ones are passed over."""
        for alias in aliases:
            self._all.pop((alias.site, alias.kind, alias.league, alias.project), None)
            of_site = self._local.get(alias.site, {})
            replicas = of_site.get(alias.league, {})
            if replicas.get(alias.project) == alias.local:
                del replicas[alias.project]
            if not replicas:
                of_site.pop(alias.league, None)
            if self._league.get(alias.site, {}).get(alias.local) == alias.league:
                del self._league[alias.site][alias.local]
        self._keep_others(aliases)

    def _keep_others(self, dropped: Iterable[Alias]) -> None:
        """A site's id that served two league ids still stands for the other one."""
        places = {(alias.site, alias.local) for alias in dropped}
        for alias in self._all.values():
            if (alias.site, alias.local) in places:
                self._league.setdefault(alias.site, {}).setdefault(alias.local, alias.league)

    def local(self, site: str, league: str, project: str = '') -> str:
        """The site's id for a league id as this project has it; '' where no alias stands."""
        replicas = self._local.get(site, {}).get(league)
        if not replicas:
            return ''
        return replicas.get(project) or replicas.get('', '')

    def league(self, site: str, local: str) -> str:
        """The league's id for a site's id; '' where no alias stands."""
        return self._league.get(site, {}).get(local, '')

    def of(self, kind: AliasKind, league: str = '', site: str = '') -> list[Alias]:
        """All aliases of a kind, of one league id and at one site where these are given."""
        return [
            alias
            for alias in self._all.values()
            if alias.kind == kind and league in {'', alias.league} and site in {'', alias.site}
        ]
