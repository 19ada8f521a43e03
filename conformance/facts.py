"""What Tempest has to be told of a cloud, asked of the cloud itself."""

from __future__ import annotations

import pathlib
from typing import Any
from urllib.parse import urlencode

import msgspec
import yaml

from bench import cloud

IMAGES = ('cirros', 'east-linux')
FLAVORS = ('m1.tiny', 'm1.small')
EXTERNAL = 'public'
_SECONDS = 120.0


class Facts(msgspec.Struct, frozen=True):
    """`images` and `flavors` are the ids of two each; `public` is the external network; `extensions` are the network's."""

    auth_url: str
    username: str
    password: str
    project: str
    region: str
    images: tuple[str, str]
    flavors: tuple[str, str]
    public: str
    extensions: tuple[str, ...]

    def __repr__(self) -> str:
        return f'Facts({self.auth_url})'


def asked(file: pathlib.Path, entry: str, public: str = '') -> Facts:
    """Log in by an entry of a clouds.yaml and ask; `public` is the external network where it is known. Raises RuntimeError."""
    told = yaml.safe_load(file.read_text(encoding='utf-8'))['clouds'][entry]
    here = cloud.Cloud(file, entry)
    first, second = (_one(here, 'image', '/images', 'images', name) for name in IMAGES)
    small, large = (_one(here, 'compute', '/flavors', 'flavors', name) for name in FLAVORS)
    outside = public or _one(here, 'network', '/networks', 'networks', EXTERNAL)
    extensions = here.call('GET', 'network', '/v2.0/extensions' if _bare(here) else '/extensions')['extensions']
    return Facts(
        told['auth']['auth_url'],
        told['auth']['username'],
        told['auth']['password'],
        told['auth']['project_name'],
        told.get('region_name', 'RegionOne'),
        (first, second),
        (small, large),
        outside,
        tuple(sorted(each['alias'] for each in extensions)),
    )


def _bare(here: cloud.Cloud) -> bool:
    """Whether a catalog names the network service without its version, as Neutron's documents say."""
    return not here.url('network', '').endswith('v2.0')


def _one(here: cloud.Cloud, service: str, path: str, plural: str, name: str) -> str:
    """The id of what has this name; a league that has just begun may not have heard of it yet."""
    prefix = '/v2.0' if service == 'network' and _bare(here) else ''
    ids: list[str] = []

    def found() -> bool:
        listed: list[dict[str, Any]] = here.call('GET', service, f'{prefix}{path}?{urlencode({"limit": 1000})}')[plural]
        # Replicas and users' own things may bear the same name.
        ids.extend(str(each['id']) for each in listed if each['name'] == name and each.get('visibility', 'public') == 'public')
        return bool(ids)

    cloud.until(found, f'{plural} called {name}', _SECONDS, 1)
    return ids[0]
