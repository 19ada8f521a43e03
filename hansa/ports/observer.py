"""The door to whoever keeps the inventory true: told of a change, it looks at once."""

from __future__ import annotations

from typing import Protocol

from hansa.model.resource import Record


class Observer(Protocol):
    """Looks at sites on request."""

    async def refresh(self, site: str, kind: str, site_id: str) -> Record | None:
        """Fetch one object now and write it down; None when the site has it no more. Raises SiteDown."""
        ...

    def poke(self, site: str, *kinds: str) -> None:
        """Ask soon for what changed in these kinds; returns at once."""
        ...


class Leveller(Protocol):
    """Brings the inventory level with a site for somebody who waits."""

    async def level(self, site: str, kind: str, since: float) -> bool:
        """See to it that all of a kind was looked at after `since` (epoch seconds): at once if it was, else by one look now.

        False where the site does not tell. Takes as long as the site does; may be cancelled.
        """
        ...
