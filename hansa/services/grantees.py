"""Whom a container's owner lets in: the league's projects and users are put for a site's in access lists, and back."""

from __future__ import annotations

from hansa.model.call import Call
from hansa.model.errors import BadRequest
from hansa.ports.identity import Identity
from hansa.ports.roster import Member
from hansa.rules import acl
from hansa.rules.aliases import AliasBook
from hansa.services.accounts import Accounts

_NAMED = 'default'
"""The id of the domain whose names say enough."""


class Grantees:
    """Access lists on their way to a site and back."""

    def __init__(self, book: AliasBook, accounts: Accounts, identity: Identity) -> None:
        self._book = book
        self._accounts = accounts
        self._identity = identity

    async def outbound(self, call: Call, member: Member, value: str) -> str:
        """The list with the site's ids; who is named in it, by id or by name in the default domain, is made there if need be.

        From then on the ids stand in it, so that nobody gets in who takes a name over. Whoever is of another domain may mean one of his own
        by a name, and has to say ids. Raises BadRequest for who does not exist, SiteDown.
        """
        projects, users = acl.named(value)
        known = await self._identity.named('project', projects) if projects else {}
        known_too = await self._identity.named('user', users) if users else {}
        if call.token.project_domain != _NAMED:
            known, known_too = ({word: id for word, id in found.items() if word == id} for found in (known, known_too))
        gone = [*(project for project in projects if project not in known), *(user for user in users if user not in known_too)]
        if gone:
            raise BadRequest(f'The access list names {", ".join(gone)}, which is no project or user.')
        there = {word: await self._accounts.project(call, member, id) for word, id in known.items()}
        there_too = {word: await self._accounts.shadow(member, id) for word, id in known_too.items()}
        foreign = [id for id, local in (there | there_too).items() if not local]
        if foreign:
            raise BadRequest(f'Site {member.name} knows no projects and users of the league, so that {", ".join(foreign)} cannot be let in there.')
        return acl.mapped(value, there, there_too)

    def inbound(self, member: Member, value: str) -> str:
        """The list with the league's ids; what the league does not know stays as it is."""
        words = {word for item in value.split(',') for word in item.strip().split(':')}
        league = {word: found for word in words if (found := self._book.league(member.name, word))}
        return acl.mapped(value, league, league)
