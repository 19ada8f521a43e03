"""Who may read or write a container, as Swift writes it: ids of projects and users in it, put for others.

Source: Swift overview of access control lists, 'Container ACLs' with Keystone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hansa.model.errors import BadRequest

ANY = '*'


def named(value: str) -> tuple[list[str], list[str]]:
    """Projects and users that a list names, each once. Raises BadRequest for an entry that is neither `project:user` nor about referrers."""
    projects: dict[str, None] = {}
    users: dict[str, None] = {}
    for item in _items(value):
        if not item.startswith('.'):
            project, colon, user = item.partition(':')
            if not (project and colon and user):
                raise BadRequest(f"The access list entry '{item}' is not PROJECT:USER, with ids or * in it.")
            projects[project], users[user] = None, None
    return [project for project in projects if project != ANY], [user for user in users if user != ANY]


def mapped(value: str, projects: Mapping[str, str], users: Mapping[str, str]) -> str:
    """The list with other ids; one that is not mapped stays."""
    return ','.join(_mapped(item, projects, users) for item in _items(value))


def _mapped(item: str, projects: Mapping[str, str], users: Mapping[str, str]) -> str:
    project, colon, user = item.partition(':')
    if item.startswith('.') or not colon:
        return item
    return f'{projects.get(project, project)}:{users.get(user, user)}'


def _items(value: str) -> Iterator[str]:
    for item in value.split(','):
        if item.strip():
            yield item.strip()
