"""The door to what is kept: inventory, aliases, journal, decisions and small state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from hansa.model.alias import Alias
from hansa.model.decision import Decision
from hansa.model.home import Home
from hansa.model.intent import Intent
from hansa.model.listing import Query, Sheet
from hansa.model.quota import Amounts, Quota
from hansa.model.resource import Record
from hansa.model.site import SiteSpec
from hansa.model.spread import Debt, Spread
from hansa.ports.feed import Feed
from hansa.ports.leases import Leases
from hansa.ports.queue import Queue

T = TypeVar('T')


class Store(Protocol):
    """Every method is one transaction: it happens whole or not at all, and survives kill -9 once it returned."""

    # -- inventory
    async def put(self, records: Sequence[Record]) -> None:
        """Insert or replace, keyed by (site, kind, id). `primary` of a known record is kept as it is;
        a new record is primary only if no other record of (kind, id) is. Passed over is what was `seen` before that which is known of it,
        and before it was removed.
        """
        ...

    async def remove(self, site: str, kind: str, ids: Sequence[str], when: float) -> None:
        """Objects that are gone (league ids); where a primary goes and another replica stays, that becomes
        primary. A tombstone with the record's sort columns is kept 24 h, so that markers go on working.
        """
        ...

    async def get(self, kind: str, id: str) -> Record | None:
        """The primary record of a league id."""
        ...

    async def replicas(self, kind: str, id: str) -> list[Record]:
        """All sites' records of a league id, primary first, then by site."""
        ...

    async def gone(self, kind: str, id: str) -> bool:
        """Whether a tombstone of it stands."""
        ...

    async def page(self, query: Query) -> list[Record]:
        """Primary records that the query asks for, in order. Raises BadRequest for a marker that is not known."""
        ...

    async def sheets(self, query: Query, make: Callable[[Sequence[Sheet]], T]) -> T:
        """The same as an answer needs them, and what is made of them where they are read, which may be on another thread. What is gone is not
        among them, whatever the query says. Raises BadRequest like `page`.
        """
        ...

    async def count(self, query: Query) -> int:
        """How many a query has without limit and marker; at once where its filters are by project, site and status alone."""
        ...

    async def known(self, site: str, kind: str) -> dict[str, str]:
        """Site id -> `updated` of everything the inventory holds of a kind at a site."""
        ...

    async def forget_site(self, site: str) -> None:
        """Drop everything kept of a site but its decisions."""
        ...

    async def summary(self) -> list[tuple[str, str, int, int]]:
        """(site, kind, records, how many of them are primary and nobody's) for each site and kind."""
        ...

    async def spread(self, kind: str, project: str) -> dict[str, int]:
        """Of the objects of a kind that a project owns, how many have their primary record at which site."""
        ...

    # -- aliases
    async def add_aliases(self, aliases: Sequence[Alias]) -> None:
        """Insert; an alias of equal (site, kind, league, project) is replaced."""
        ...

    async def drop_aliases(self, aliases: Sequence[Alias]) -> None:
        """Delete these; unknown ones are passed over."""
        ...

    async def aliases(self) -> list[Alias]:
        """All of them (read once at the start; the services keep them in memory)."""
        ...

    async def rename_id(self, site: str, kind: str, old: str, new: str) -> None:
        """A record's league id changes at a site from old to new, in its key and wherever the old id stands as
        a whole JSON string in a document of that site.
        """
        ...

    # -- journal
    async def open_intent(self, intent: Intent) -> None:
        """Write a new one. Raises Conflict if the id is known, OverQuota where its charge does not fit into what the project's
        quota, or the share of the intent's site, leaves beside what is used and reserved: then nothing is written.
        """
        ...

    async def move_intent(self, intent: Intent) -> Intent:
        """Write the next state; returns it with its new generation. Raises Conflict if the stored generation is not
        the one given.
        """
        ...

    async def open_intents(self) -> list[Intent]:
        """All that are planned, sent, revoked or made, in the order in which they were written, whoever wrote them: of any two the
        writer of the later one sees the earlier one, as long as that is open.
        """
        ...

    # -- quotas: a project '' stands for every project that has no limit of its own, a site '' for the league
    async def set_limits(self, project: str, site: str, limits: Mapping[str, int | None]) -> None:
        """Set limits by resource; None takes one away, -1 is a limit that is none."""
        ...

    async def limits(self, *projects: str) -> dict[str, dict[str, Amounts]]:
        """What was set, for these projects or for all: project -> site -> resource -> limit."""
        ...

    async def quota(self, project: str) -> Quota:
        """What stands of a project, the league's default in the place of limits that it has not."""
        ...

    # -- decisions, by resource id
    async def put_decision(self, kind: str, id: str, decision: Decision) -> None:
        """Keep why an object is where it is."""
        ...

    async def decision(self, kind: str, id: str) -> Decision | None:
        """Why an object is where it is."""
        ...

    # -- homes of containers
    async def add_homes(self, homes: Sequence[Home]) -> None:
        """Insert; a name that a project has registered already stays where it is. What is at home is no twin."""
        ...

    async def add_twins(self, twins: Sequence[Home]) -> None:
        """Insert containers whose name another one has, which lives elsewhere; known ones stay as they are."""
        ...

    async def twins(self, project: str) -> list[Home]:
        """Those of a project, by container and site."""
        ...

    async def home(self, project: str, container: str) -> Home | None:
        """Where a container lives, as far as that was registered."""
        ...

    async def housed(self, project: str) -> dict[str, int]:
        """How many containers of a project are registered at which site."""
        ...

    async def drop_home(self, home: Home) -> None:
        """Forget one or a twin; a name that is registered for another site by now stays. The oldest twin inherits the name."""
        ...

    # -- containers that span sites
    async def put_spread(self, spread: Spread) -> Spread:
        """Write the next state; returns it with its new generation. Raises Conflict if the stored generation is not the one given."""
        ...

    async def drop_spread(self, spread: Spread) -> None:
        """Forget one with its debts. Raises Conflict if the stored generation is not the one given."""
        ...

    async def spanning(self, project: str, container: str) -> Spread | None:
        """How a container spans sites; None for one that does not."""
        ...

    async def spreads(self, project: str = '') -> list[Spread]:
        """Those of a project by container; of all, by project and container, where none is named."""
        ...

    async def owe(self, debt: Debt, sites: Sequence[str]) -> int:
        """Before a change is sent: each of these sites owes it from now on (`site` and `generation` of the debt do not matter). What a site
        owes of the object already keeps its `since`, and `missed` where that was so. Returns the generation of the change, greater than all before.
        """
        ...

    async def owe_all(self, debts: Sequence[Debt]) -> int:
        """The same for debts of several objects or sites, one generation for all: each is owed by its own `site`."""
        ...

    async def settle(self, debt: Debt, paid: Sequence[str], missed: Sequence[str], done: Sequence[str] = ()) -> None:
        """How the change of the debt's `generation` ended: those that `paid` owe the object no more, of those that `missed` it that is said. Those
        that have `done` it owe something else of it still, but have missed nothing. What is owed since a later change stays as it is.
        """
        ...

    async def debts(self, project: str, container: str, object: str) -> list[Debt]:
        """What sites owe of one object ('': of the container itself), by site."""
        ...

    async def owed(self, project: str, container: str, after: str = '', limit: int = 1000) -> list[Debt]:
        """What sites owe of objects behind the name `after`, by object and site."""
        ...

    async def owing(self, project: str = '') -> list[tuple[str, str, str, int]]:
        """(project, container, site, debts) for each site that owes something, in that order; of one project or of all."""
        ...

    # -- sites
    async def put_site(self, spec: SiteSpec) -> None:
        """Insert or replace; `settings` are sealed before they are written."""
        ...

    async def sites(self) -> list[SiteSpec]:
        """All, by name."""
        ...

    async def drop_site(self, name: str) -> None:
        """Forget the spec and all that is kept of the site."""
        ...

    # -- small state: keys are words with '/' between, values JSON
    async def set(self, key: str, value: bytes, sealed: bool = False) -> None:
        """Write one; `sealed` ones are encrypted at rest."""
        ...

    async def value(self, key: str) -> bytes | None:
        """Read one; sealed ones are opened."""
        ...

    async def values(self, prefix: str) -> dict[str, bytes]:
        """All whose key starts so."""
        ...

    async def unset(self, key: str) -> None:
        """Forget one; an unknown key is passed over."""
        ...

    async def close(self) -> None:
        """Write everything out and close."""
        ...


@runtime_checkable
class Queueing(Protocol):
    """A store that can say how much waits for it."""

    def waiting(self) -> dict[str, int]:
        """Pieces of work that were begun or wait, by lane."""
        ...


@runtime_checkable
class Clustered(Protocol):
    """A store that many processes use at once, and what they need for that beside it. Other stores belong to one process."""

    @property
    def feed(self) -> Feed:
        """What the others did; every change of aliases, sites and small state is told in it."""
        ...

    @property
    def leases(self) -> Leases:
        """Who does what."""
        ...

    @property
    def queue(self) -> Queue:
        """What waits to be digested."""
        ...
