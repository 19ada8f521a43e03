"""Users and projects that the functional tests of Swift need, made as an operator makes them, and taken away again."""

from __future__ import annotations

import contextlib
import pathlib
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import openstack

from tests.lab import league

NAME = 'swift-functional'


class Person(msgspec.Struct, frozen=True):
    """Somebody in a project; `number` is which of the tests' users it is."""

    number: int
    project: str
    user: str
    password: str
    domain: str = 'Default'

    def __repr__(self) -> str:
        return f'Person({self.number})'


@contextlib.contextmanager
def made(clouds: pathlib.Path, entry: str, sites: Mapping[int, str]) -> Iterator[list[Person]]:
    """Two owners of a project each and a reader of the first; a fourth, of a domain of his own. `sites` are where owners want their containers."""
    cloud = league.connect(clouds, entry)
    _cleared(cloud)
    owners = []
    try:
        found = _made(cloud)
        owners = [_store(cloud, one) for one in found if one.number != 3]
        for one, store in zip((each for each in found if each.number != 3), owners, strict=True):
            if one.number in sites:
                store.post('', headers={'X-Account-Meta-Hansa-Policy': sites[one.number]}).raise_for_status()
        yield found
    finally:
        for store in owners:
            _emptied(store)
        _cleared(cloud)


def _made(cloud: Any) -> list[Person]:
    identity = cloud.identity
    roles = {role.name: role for role in identity.roles()}
    domains = {'default': 'Default', identity.create_domain(name=NAME).id: NAME}
    found, projects = [], {}
    for number, name, role, domain in ((1, '1', 'member', 'default'), (2, '2', 'member', 'default'), (3, '1', 'reader', 'default'), (4, '4', 'member', list(domains)[-1])):
        if name not in projects:
            projects[name] = identity.create_project(name=f'{NAME}-{name}', domain_id=domain)
        word = secrets.token_urlsafe(12)
        user = identity.create_user(name=f'{NAME}-{number}', password=word, domain_id=domain, default_project_id=projects[name].id)
        identity.assign_project_role_to_user(projects[name], user, roles[role])
        found.append(Person(number, projects[name].name, user.name, word, domains[domain]))
    return found


def _store(cloud: Any, one: Person) -> Any:
    """The person's object store."""
    auth = {
        'auth_url': cloud.config.get_auth_args()['auth_url'], 'username': one.user, 'password': one.password, 'project_name': one.project,
        'user_domain_name': one.domain, 'project_domain_name': one.domain,
    }  # fmt: skip
    return openstack.connect(load_yaml_config=False, load_envvars=False, auth=auth, region_name=cloud.config.get_region_name()).object_store


def _emptied(store: Any) -> None:
    """Nobody can empty the account of a project that is gone."""
    for container in list(store.containers()):
        for each in list(store.objects(container)):
            store.delete_object(each, ignore_missing=True, container=container)
        store.delete_container(container, ignore_missing=True)


def _cleared(cloud: Any) -> None:
    """Also what a run left that was cut off."""
    identity = cloud.identity
    for project in [each for each in identity.projects() if each.name.startswith(f'{NAME}-')]:
        identity.delete_project(project)
    for user in [each for each in identity.users() if each.name.startswith(f'{NAME}-')]:
        identity.delete_user(user)
    for domain in [each for each in identity.domains() if each.name == NAME]:
        identity.update_domain(domain, is_enabled=False)
        identity.delete_domain(domain)
