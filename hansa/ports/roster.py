"""The sites at hand: each with what the operator said of it, what it said of itself, and how fresh its copy is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from hansa.model.distant import Distant
from hansa.model.drift import Finding, What
from hansa.model.errors import NotFound
from hansa.model.site import Capabilities, SiteSpec
from hansa.ports.site import Site
from hansa.ports.tally import Tally


class Member:
    """One site of the league. `capabilities` is None until it answered for the first time.

    `synced` holds for each kind when the inventory was last level with the site (epoch seconds), `tallies` what was counted on the way,
    `drift` what is not as it should be, by kind and site id. `distant` is its agent elsewhere, None where there is to be none.
    """

    def __init__(self, site: Site, spec: SiteSpec, capabilities: Capabilities | None = None) -> None:
        self.site = site
        self.spec = spec
        self.capabilities = capabilities
        self.synced: dict[str, float] = {}
        self.tallies: dict[str, Tally] = {}
        self.drift: dict[str, dict[str, Finding]] = {}
        self.distant: Distant | None = None

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def managed(self) -> bool:
        """Whether the league may make projects and users there."""
        return self.capabilities is not None and self.capabilities.mode == 'managed'

    def tally(self, kind: str) -> Tally:
        """What is counted of a kind here."""
        found = self.tallies.get(kind)
        if found is None:
            found = self.tallies[kind] = Tally()
        return found

    def unread(self, kind: str) -> bool:
        """Whether the inventory lacks what the site has of a kind, as it was never level with it."""
        return kind not in self.synced and not self.tally(kind).absent

    def found(self, kind: str, suspects: Mapping[str, What], agreed: Collection[str], now: float) -> None:
        """In what a complete list and the inventory differ; what it and the one before it agreed in is drift."""
        old = self.drift.get(kind, {})
        self.tally(kind).drift = len(suspects)
        self.drift[kind] = {
            id: old[id] if id in old and old[id].what == what else Finding(self.name, kind, id, what, since=now)
            for id, what in suspects.items()
            if id in agreed
        }

    def zones(self, service: str) -> tuple[str, ...]:
        """The site's own availability zones of a service."""
        return self.capabilities.zones.get(service, ()) if self.capabilities else ()

    def highest(self, service: str) -> str:
        """The highest microversion of a service; '' where it has none or is not known."""
        offer = self.capabilities.services.get(service) if self.capabilities else None
        return offer.highest if offer else ''


class Roster:
    """All members, by name, in the order they were added."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}

    def __iter__(self) -> Iterator[Member]:
        return iter(list(self._members.values()))

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def add(self, member: Member) -> None:
        """Take a site in."""
        self._members[member.name] = member

    def drop(self, name: str) -> None:
        """Let a site go; an unknown name is passed over."""
        self._members.pop(name, None)

    def get(self, name: str) -> Member:
        """The member of that name. Raises NotFound."""
        member = self._members.get(name)
        if member is None:
            raise NotFound(f'No site is called {name}; there are {", ".join(self._members) or "none"}.')
        return member

    def names(self) -> frozenset[str]:
        """All names."""
        return frozenset(self._members)
