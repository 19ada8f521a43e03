"""An agent that follows its site from elsewhere, as the league knows it."""

from __future__ import annotations

import msgspec

AWAY_S = 60.0
"""Not heard of for so long, it is not waited for: the league follows the site itself until it is back."""


class Credential(msgspec.Struct, frozen=True):
    """What lets such agents in, without its secret: `since` is when it was made (epoch seconds)."""

    id: str
    site: str
    since: float


class Distant(msgspec.Struct):
    """`since` is when it was to be expected first, `heard` when it was last heard of (epoch seconds, None: never), `lost` why its site
    does not answer it ('' if it does).
    """

    since: float
    heard: float | None = None
    lost: str = ''

    def follows(self, now: float) -> bool:
        """Whether the site is left to it."""
        return now - max(self.since, self.heard or 0.0) < AWAY_S
