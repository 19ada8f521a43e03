"""Whose an object is, also at a site where several projects of the league share one project of the site.

Such a site cannot tell them apart, so for each object made through the league an alias of kind `owner` says whose it is.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hansa.model.alias import Alias
from hansa.model.call import Call
from hansa.rules import references
from hansa.rules.aliases import AliasBook

_MARK = 'owner:'
"""No id looks so: neither side of these aliases is ever taken for an id in a body."""

_HOSTS = ('device_id', 'instance_uuid', 'instance', 'volume_id', 'network_id', 'group_id', 'resource_uuid', 'floatingip_id', 'router_id')
"""What an object hangs on; it belongs to whoever that belongs to."""

PERSONAL = frozenset(
    ('/attachments', '/backups', '/cgsnapshots', '/consistencygroups', '/group_snapshots', '/groups', '/messages', '/os-volume-transfer',
     '/volume-transfers')
)  # fmt: skip
"""Collections whose objects belong to a project without telling it to plain users."""


def meant(call: Call, item: dict[str, Any]) -> Call:
    """The call in the project that a create is for: an administrator may name another than the token's.

    It has to be known where a site is chosen, as each project has its own home, quota and replicas, and its own id at each site.
    """
    named = item.get('project_id') or item.get('tenant_id')
    if not call.token.admin or named == call.token.project or not isinstance(named, str) or not references.ID.fullmatch(named):
        return call
    return msgspec.structs.replace(call, token=msgspec.structs.replace(call.token, project=named, project_name='', project_domain=''))


def several(book: AliasBook, site: str) -> bool:
    """Whether more than one project of the league stands for the same project of the site."""
    locals_ = [alias.local for alias in book.of('project', site=site)]
    return len(set(locals_)) < len(locals_)


def claim(site: str, site_id: str, project: str) -> Alias:
    """The alias that says whose an object is."""
    return Alias(site, 'owner', f'{_MARK}{site_id}', f'{_MARK}{project}')


def owner(book: AliasBook, site: str, site_id: str) -> str:
    """The league project that an object belongs to; '' for one that nobody of the league made."""
    return book.local(site, f'{_MARK}{site_id}').removeprefix(_MARK)


def claims(book: AliasBook, site: str, site_id: str) -> list[Alias]:
    """The aliases that go with an object."""
    return book.of('owner', f'{_MARK}{site_id}', site)


def judge(book: AliasBook, site: str, site_id: str, doc: dict[str, Any]) -> str:
    """The owner of an object by itself, or by what it hangs on, as a port hangs on its server; '' for unclaimed."""
    attached = doc.get('attachments')
    hosts = [str(doc.get(field) or '') for field in _HOSTS]
    hosts += [str(each.get('server_id') or '') for each in attached if isinstance(each, dict)] if isinstance(attached, list) else []
    for id in (site_id, *hosts):
        found = owner(book, site, id) if id else ''
        if found:
            return found
    return ''


def mine(book: AliasBook, site: str, collection: str, doc: dict[str, Any], project: str) -> bool:
    """Whether a project may see an object that the inventory does not keep, where several projects share the site's one.

    `doc` is in the league's words. What belongs to nobody of the league is everybody's only if the site says whose it is, and
    that it is not our one project's.
    """
    found = judge(book, site, str(doc.get('id') or ''), doc)
    if found:
        return found == project
    told = str(doc.get('project_id') or doc.get('tenant_id') or '')
    ours = {alias.league for alias in book.of('project', site=site)}
    return collection not in PERSONAL and told not in ours
