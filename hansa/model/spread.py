"""A container that spans sites, and what sites owe it."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal['mirror', 'disperse']


class Spread(msgspec.Struct, frozen=True):
    """`sites` in the order in which they are preferred; `need` is how many of them a write takes (a mirror; 0: all that live, at least
    one; -1: all), or how many give an object back (dispersal). `registered` is in seconds since the epoch.

    Of `sites` those that are `filling` do not have everything yet, nobody reads of them; those that are `leaving` are no sites of it
    any more, but still hold something. One without `sites` was deleted, and its name is free again when nothing is left anywhere.
    `generation` grows by one with every write, 0 is not written yet; a writer that holds an old one gets Conflict.
    """

    project: str
    container: str
    kind: Kind
    sites: tuple[str, ...]
    need: int
    registered: float
    filling: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    generation: int = 0

    @property
    def gone(self) -> bool:
        """Whether it was deleted, but not everywhere yet."""
        return not self.sites

    @property
    def everywhere(self) -> tuple[str, ...]:
        """All sites that hold something of it."""
        return self.sites + self.leaving


class Debt(msgspec.Struct, frozen=True):
    """A site that may lack a change: of an object, or of the container itself where `object` is ''.

    It is written before the change is sent, and taken away when the site has it. `missed` says that the change was made without the site;
    else it is under way, or nobody lived to tell how it ended. `since` is when the site began to owe, in seconds since the epoch;
    `generation` is that of the last change, and grows with each.
    """

    project: str
    container: str
    object: str
    site: str
    since: float
    generation: int
    missed: bool = False
