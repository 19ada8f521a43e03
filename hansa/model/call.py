"""Who asks: the first argument of everything a caller may ask."""

from __future__ import annotations

import msgspec

WRITERS = frozenset(('admin', 'member', 'manager', '_member_'))
READERS = WRITERS | {'reader'}


class Token(msgspec.Struct, frozen=True):
    """A validated token of the league's Keystone; the token itself is not in it.

    `expires` is seconds since the epoch. `project` is '' for unscoped, domain and system tokens.
    """

    user: str
    user_name: str
    user_domain: str
    project: str
    project_name: str
    project_domain: str
    roles: frozenset[str]
    expires: float
    system: bool = False

    @property
    def admin(self) -> bool:
        """Administrator of the league; whoever has the role in a domain alone is that domain's."""
        return 'admin' in self.roles and bool(self.project or self.system)

    @property
    def reader(self) -> bool:
        """May see what its project has, or as administrator all; a token of a domain, or of no role that says so, may not."""
        return self.admin or (bool(self.project) and not self.roles.isdisjoint(READERS))

    @property
    def writer(self) -> bool:
        """May change things; a token with the role reader alone may not."""
        return self.reader and not self.roles.isdisjoint(WRITERS)


class Call(msgspec.Struct, frozen=True):
    """One request as the services see it.

    `version` is the microversion asked for as the client wrote it resolved ('2.96'; '' where the API has none);
    `base` is the public URL of the service asked ('http://host/compute'); `deadline` seconds that may be spent.
    """

    id: str
    token: Token
    service: str
    version: str = ''
    base: str = ''
    deadline: float = 60.0
