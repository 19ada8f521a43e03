"""How large what is measured is; only the full size is written into the documents."""

from __future__ import annotations

from typing import NamedTuple

SITES, SERVERS = 100, 10_000
VOLUMES_PER_SERVER = 0.3


class Size(NamedTuple):
    """So many sites with so many servers each."""

    sites: int = SITES
    servers: int = SERVERS

    @property
    def total(self) -> int:
        """Servers of all sites."""
        return self.sites * self.servers

    @property
    def full(self) -> bool:
        """Whether it is what the goals are for."""
        return self.sites >= SITES and self.servers >= SERVERS

    def __str__(self) -> str:
        return f'{self.total:,} servers at {self.sites} sites'
