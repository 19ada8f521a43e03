"""What the first start puts into an empty Keystone: roles, the project demo, the users admin and demo."""

from __future__ import annotations

from typing import Any

from hansa.keystone.accounts import Accounts
from hansa.keystone.admin import Admin
from hansa.model.secret import Secret

ROLES = ('service', 'ResellerAdmin', 'swiftoperator', 'heat_stack_owner', 'heat_stack_user')
DOMAIN = 'default'


async def settle(admin: Admin, accounts: Accounts) -> None:
    """Let all of it be there; can run again over what a killed start has left."""
    for name in ROLES:
        await _settle_named(admin, 'role', f'/roles?name={name}', {'name': name})
    roles = {role['name']: role['id'] for role in (await admin.get('/roles'))['roles']}
    project = {'name': 'demo', 'domain_id': DOMAIN, 'description': 'For trying things out'}
    demo_project = await _settle_named(admin, 'project', f'/projects?name=demo&domain_id={DOMAIN}', project)
    admin_project = (await admin.get(f'/projects?name=admin&domain_id={DOMAIN}'))['projects'][0]['id']
    administrator = await _settle_user(admin, 'admin', accounts.admin_password, admin_project)
    demo = await _settle_user(admin, 'demo', accounts.demo_password, demo_project)
    await admin.put(f'/projects/{admin_project}/users/{administrator}/roles/{roles["admin"]}')
    await admin.put(f'/system/users/{administrator}/roles/{roles["admin"]}')
    await admin.put(f'/projects/{demo_project}/users/{demo}/roles/{roles["member"]}')


async def _settle_user(admin: Admin, name: str, password: Secret, project: str) -> str:
    wanted = {'name': name, 'domain_id': DOMAIN, 'password': password.reveal(), 'default_project_id': project}
    return await _settle_named(admin, 'user', f'/users?name={name}&domain_id={DOMAIN}', wanted)


async def _settle_named(admin: Admin, kind: str, search: str, wanted: dict[str, Any]) -> str:
    found = (await admin.get(search))[f'{kind}s']
    collection = search.partition('?')[0]
    made = found[0] if found else (await admin.post(collection, {kind: wanted}))[kind]
    return str(made['id'])
