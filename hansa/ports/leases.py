"""The door to leases: who of several processes does what only one may do at a time."""

from __future__ import annotations

from typing import Protocol


class Leases(Protocol):
    """By names with '/' between words. All measure by one clock, which is none of theirs; a lease whose holder died ends by itself.

    A lease says who should work, not that nobody else still does: what a former holder began may yet come to its end.
    """

    async def take(self, name: str, holder: str, seconds: float) -> bool:
        """Take it for so long from now, or prolong it; False where another holds it. It ends no earlier than `seconds` after
        the call began. Raises Busy.
        """
        ...

    async def give_up(self, name: str, holder: str) -> None:
        """Let others have it at once; one that another holds is left alone. Raises Busy."""
        ...

    async def holders(self, prefix: str = '') -> dict[str, str]:
        """Of the leases whose name starts so and that have not ended: name -> holder. Raises Busy."""
        ...
