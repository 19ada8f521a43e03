"""What a run leaves behind at the clouds: all that is there afterwards and was not before."""

from __future__ import annotations

import pathlib
import re
import tomllib
from collections.abc import Sequence

import msgspec

from bench import cloud

Things = dict[str, str]

_LISTS = (
    ('compute', '/servers/detail?all_tenants=1', 'servers'),
    ('compute', '/flavors/detail?is_public=None', 'flavors'),
    ('compute', '/os-server-groups?all_projects=1', 'server_groups'),
    ('compute', '/os-aggregates', 'aggregates'),
    ('volume', '/volumes?all_tenants=1', 'volumes'),
    ('volume', '/snapshots?all_tenants=1', 'snapshots'),
    ('volume', '/types?is_public=None', 'volume_types'),
    ('volume', '/qos-specs', 'qos_specs'),
    ('network', '/networks', 'networks'),
    ('network', '/subnets', 'subnets'),
    ('network', '/subnetpools', 'subnetpools'),
    ('network', '/ports', 'ports'),
    ('network', '/routers', 'routers'),
    ('network', '/floatingips', 'floatingips'),
    ('network', '/security-groups', 'security_groups'),
    ('image', '/images?limit=1000', 'images'),
    ('identity', '/projects', 'projects'),
    ('identity', '/users', 'users'),
)


class Own(msgspec.Struct, frozen=True):
    """What the tests themselves leave behind at any cloud: the lines that `things` (a regular expression) finds, and why."""

    things: str
    reason: str


def own(file: pathlib.Path) -> list[Own]:
    """The data file's `[[left]]` entries. Raises msgspec.ValidationError."""
    return msgspec.convert(tomllib.loads(file.read_text(encoding='utf-8')).get('left', []), type=list[Own])


def things(file: pathlib.Path, entries: Sequence[str]) -> Things:
    """Everything that these administrators see, as 'cloud kind id' -> what it calls itself. Raises RuntimeError."""
    found: Things = {}
    for entry in entries:
        here = cloud.Cloud(file, entry)
        for service, path, plural in _LISTS:
            prefix = '/v2.0' if service == 'network' else ''
            for each in here.call('GET', service, prefix + path)[plural]:
                said = f'{each.get("name") or ""} {each.get("description") or ""}'.strip()
                found[f'{entry} {plural} {each["id"]}'] = said
    return found


def left(before: Things, after: Things, known: Sequence[Own], word: str = '') -> list[str]:
    """What is new and not the tests' own, a line each; with a `word`, only what names it, for a lab that others use meanwhile."""
    lines = [f'{key} {said}'.strip() for key, said in sorted(after.items()) if key not in before and word in said]
    return [line for line in lines if not any(re.search(one.things, line) for one in known)]
