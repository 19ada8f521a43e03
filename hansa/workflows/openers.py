"""Who opened an intent, and whether he may still work on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from hansa.model.intent import Intent
from hansa.ports.leases import Leases

PROCESS = 'process/'
"""A lease under this and its name says that a process lives; its holder is the process."""


class Openers(Protocol):
    """Tells the intents of the living from those of the dead."""

    async def gone(self, intents: Sequence[Intent]) -> set[str]:
        """Ids of those whose opener is no more. Raises Busy."""
        ...


class Former:
    """Of a process that has its store for itself: whatever stood open when it began is a dead one's."""

    def __init__(self, inherited: Iterable[Intent]) -> None:
        self._inherited = frozenset(intent.id for intent in inherited)

    async def gone(self, intents: Sequence[Intent]) -> set[str]:
        return {intent.id for intent in intents if intent.id in self._inherited}


class Leased:
    """Of several processes on one store: one whose lease has ended is taken for dead. If it lives, its next step meets a Conflict."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases

    async def gone(self, intents: Sequence[Intent]) -> set[str]:
        # Asked after the intents were read: each process has its lease before it opens anything.
        living = {name.removeprefix(PROCESS) for name in await self._leases.holders(PROCESS)}
        return {intent.id for intent in intents if intent.opener not in living}
