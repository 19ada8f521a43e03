"""Users and projects that the functional tests of Swift need, made as an operator makes them, and taken away again."""

from __future__ import annotations

import contextlib
import pathlib
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
import openstack

from tests.lab import league

NAME = 'swift-functional'
_TRIES = 5
_PAUSE = 20.0


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
    try:
        found = _made(cloud)
        for one in found:
            if one.number in sites:
                who = {'username': one.user, 'password': one.password, 'project_name': one.project}
                store = _store(cloud, user_domain_name=one.domain, project_domain_name=one.domain, **who)
                store.post('', headers={'X-Account-Meta-Hansa-Policy': sites[one.number]}).raise_for_status()
        yield found
    finally:
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


def _store(cloud: Any, **who: str) -> Any:
    """The object store as somebody else, or as the operator, in another project."""
    kept = cloud.config.get_auth_args()
    auth = {name: kept[name] for name in ('auth_url', 'username', 'password', 'user_domain_name') if name in kept} | who
    return openstack.connect(load_yaml_config=False, load_envvars=False, auth=auth, region_name=cloud.config.get_region_name()).object_store


def _emptied(cloud: Any, project: Any) -> None:
    """The operator does it, as the project's users may be gone; nobody can empty the account of a project that is gone."""
    member = next(role for role in cloud.identity.roles() if role.name == 'member')
    cloud.identity.assign_project_role_to_user(project, cloud.session.get_user_id(), member)
    store = _store(cloud, project_id=project.id)
    for _ in range(_TRIES):
        for container in _names(store, ''):
            for name in _names(store, f'/{container}', '&versions=true'):
                store.delete(f'/{container}/{name}')
            store.delete(f'/{container}')
        if not _names(store, ''):
            return
        # A Swift that could not write something leaves its disk alone for a while.
        time.sleep(_PAUSE)
    raise RuntimeError(f'The account of {project.name} cannot be emptied.')


def _names(store: Any, path: str, more: str = '') -> list[str]:
    """As they stand in a path, of what has versions each with its own."""
    answer = store.get(f'{path}?format=json{more}')
    listed = answer.json() if answer.status_code == 200 else []
    return [quote(each['name']) + (f'?version-id={each["version_id"]}' if each.get('version_id', 'null') != 'null' else '') for each in listed]


def _cleared(cloud: Any) -> None:
    """Also what a run left that was cut off."""
    identity = cloud.identity
    for project in [each for each in identity.projects() if each.name.startswith(f'{NAME}-')]:
        _emptied(cloud, project)
        identity.delete_project(project)
    for user in [each for each in identity.users() if each.name.startswith(f'{NAME}-')]:
        identity.delete_user(user)
    for domain in [each for each in identity.domains() if each.name == NAME]:
        identity.update_domain(domain, is_enabled=False)
        identity.delete_domain(domain)
