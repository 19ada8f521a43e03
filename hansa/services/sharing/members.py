"""Members of images: a site knows with which of its projects an image is shared, the league with which of the league's."""

from __future__ import annotations

import msgspec

from hansa.model.call import Call
from hansa.ports.identity import Identity
from hansa.ports.roster import Member
from hansa.ports.store import Store
from hansa.services.accounts import Accounts

ACCEPTED = 'accepted'


class Members:
    """What was granted through the league, by project."""

    def __init__(self, store: Store, accounts: Accounts, identity: Identity) -> None:
        self._store = store
        self._accounts = accounts
        self._identity = identity

    async def introduce(self, call: Call, member: Member, project: str) -> None:
        """See to it that a site knows a project before it is told of it; what is no project's id is left for the site to judge.

        Raises SiteDown.
        """
        if (await self._identity.project_ids([project])).get(project) == project:
            await self._accounts.project(call, member, project)

    async def note(self, image: str, project: str, status: str) -> None:
        """A project is a member now; `status` is pending, accepted or rejected."""
        await self._store.set(f'grant/image/{project}/{image}', msgspec.json.encode(status))

    async def forget(self, image: str, project: str) -> None:
        """A project is no member any more."""
        await self._store.unset(f'grant/image/{project}/{image}')

    async def shared(self, project: str, status: str = ACCEPTED) -> tuple[str, ...]:
        """Ids of images of others that a project is a member of; `status` 'all' means whatever it has said to that."""
        granted = await self._store.values(f'grant/image/{project}/')
        return tuple(
            key.rpartition('/')[2] for key, said in granted.items() if status in {'all', msgspec.json.decode(said, type=str)}
        )
