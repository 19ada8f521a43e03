"""The door to the change feed: what other processes did to that which every process keeps in memory."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Topic = Literal['aliases-added', 'aliases-dropped', 'site-put', 'site-forgotten', 'site-dropped', 'value']
"""What is told, and what `News.body` is then: JSON of a list of Alias for the first two, in UTF-8 the name of a site (of which all
aliases are gone too, where it is forgotten or dropped), or the key of small state that was set or unset; never what stands under the key.
"""


class News(msgspec.Struct, frozen=True):
    """One change, told in the very transaction that made it. Numbers count from 1, without gaps, in the order of the commits."""

    number: int
    topic: Topic
    body: bytes


class Feed(Protocol):
    """Read by polling: whoever saw all up to a number asks for what came since. To begin, ask for `latest`, and then read
    what is to be kept in memory: what happens between the two is told again, and taking it again does no harm.
    """

    async def latest(self) -> int:
        """The number of the newest news; 0 where there were none yet. Raises Busy."""
        ...

    async def since(self, number: int, limit: int) -> list[News]:
        """At most `limit` that follow `number`, in order. Raises Busy; Gone where some of them are kept no more, or the number was never
        reached: then all has to be read anew, after `latest`.
        """
        ...
