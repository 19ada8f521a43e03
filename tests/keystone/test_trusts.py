"""A trust's token, as services that act for their users have it: it says who gave the trust, and no role that was not given."""

from __future__ import annotations

from tests.keystone import real
from tests.keystone.test_revocation import PASSWORD, Crowd, change


def test_a_trusts_token_is_its_givers_with_the_roles_that_were_given() -> None:
    there = real.shared()

    async def act() -> None:
        crowd = Crowd(there, 'given away')
        crowd.roles = {role['name']: role['id'] for role in (await there.admin.get('/roles'))['roles']}
        giver, taker = await crowd._make('giver', member=False), await crowd._make('taker')
        await there.admin.put(f'/projects/{giver["project"]}/users/{giver["user"]}/roles/{crowd.roles["admin"]}')
        own = await crowd._login(giver)
        wanted = {
            'trustor_user_id': giver['user'],
            'trustee_user_id': taker['user'],
            'project_id': giver['project'],
            'impersonation': True,
            'roles': [{'name': 'member'}],
        }
        trust = (await change(there, 'POST', '/OS-TRUST/trusts', own, {'trust': wanted}))['trust']['id']
        scope = {'OS-TRUST:trust': {'id': trust}}
        token = await real.token(there.line, real.by_password(taker['user'], PASSWORD), scope)
        assert (await there.engine.validate(own)).admin
        told = await there.engine.validate(token)
        assert (told.user, told.project) == (giver['user'], giver['project'])
        assert told.roles == {'member', 'reader'}
        assert told.writer
        assert not told.admin

    there.run(act())
