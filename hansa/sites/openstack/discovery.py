"""From a token's catalog to the addresses that requests go to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from hansa.sites.http import request
from hansa.sites.openstack.settings import Settings

# Catalog types of each service word, the best first (the service types authority's names and the older ones).
TYPES: dict[str, tuple[str, ...]] = {
    'compute': ('compute',),
    'volume': ('block-storage', 'volumev3', 'block-store', 'volume'),
    'network': ('network',),
    'image': ('image',),
    'identity': ('identity',),
    'placement': ('placement',),
    'object-store': ('object-store',),
}
PREFIX = 'AUTH_'
"""What Swift's accounts begin with where nothing else is said."""

_VERSIONS = {'compute': '/v2.1', 'volume': '/v3', 'network': '/v2.0', 'image': '/v2', 'identity': '/v3'}
_VERSIONED = re.compile(r'(https?://[^/]+(?:/.*?)??)(/v[0-9]+(?:\.[0-9]+)?)(/[^?]*)?')


class Endpoint(msgspec.Struct, frozen=True):
    """One service: `root` is the URL of its version document without a slash at the end, `base` what paths are put after."""

    root: str
    base: str

    def url(self, path: str, query: str) -> str:
        """Where a `SiteRequest.path` leads."""
        url = self.root + path[1:] if path.startswith('^') else self.base + path
        return f'{url}?{query}' if query else url

    def before(self, project: str) -> str:
        """What stands before a project's id where the address ends with an account; `PREFIX` where it does not."""
        account = self.base.rpartition('/')[2]
        return account.removesuffix(project) if project and account.endswith(project) else PREFIX

    def prefix(self) -> str:
        """Path of the root, as links of the service carry it."""
        return urlsplit(self.root).path


def endpoints(settings: Settings, catalog: Iterable[Mapping[str, Any]], project: str) -> dict[str, Endpoint]:
    """Endpoints by service word, of the interface and region in the settings; what is not http or https is passed over."""
    found: dict[str, Endpoint] = {}
    listed = list(catalog)
    for word, types in TYPES.items():
        urls = [url for kind in types for url in _urls(settings, listed, kind)]
        if word in settings.overrides:
            urls = [settings.overrides[word].replace('%(project_id)s', project).replace('$(project_id)s', project)]
        if word == 'identity':
            urls = [settings.identity]
        for url in urls:
            endpoint = understood(word, url)
            if endpoint is not None:
                found[word] = endpoint
                break
    return found


def understood(word: str, url: str) -> Endpoint | None:
    """The endpoint that a catalog's URL means; None for one that must not be used or is of an API that is gone."""
    url = url.rstrip('/')
    try:
        request.split(url)
    except ValueError:
        return None
    match = _VERSIONED.fullmatch(url)
    if match is None:
        return Endpoint(url, url + _VERSIONS.get(word, ''))
    root, version, rest = match.groups()
    if word == 'volume' and not version.startswith('/v3'):
        return None
    wanted = _VERSIONS.get(word, version)
    # Older clouds list /v2 of compute and /v1 of image beside what they serve today.
    return Endpoint(root, root + wanted + (rest or '' if wanted == version or word == 'volume' else ''))


def _urls(settings: Settings, catalog: list[Mapping[str, Any]], kind: str) -> list[str]:
    return [
        str(end.get('url') or '')
        for service in catalog
        if service.get('type') == kind
        for end in service.get('endpoints') or ()
        if end.get('interface') == settings.interface
        and (not settings.region or settings.region in (end.get('region_id'), end.get('region')))
    ]
