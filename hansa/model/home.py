"""At which site a container lives."""

from __future__ import annotations

import msgspec


class Home(msgspec.Struct, frozen=True):
    """`project` is the league's, `container` the name as its owner wrote it; `registered` is in seconds since the epoch."""

    project: str
    container: str
    site: str
    registered: float
