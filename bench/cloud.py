"""A cloud as its plain user sees it: a token, a catalog, and JSON requests."""

from __future__ import annotations

import json
import pathlib
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import yaml

SERVICES = {
    'compute': ('compute',),
    'image': ('image',),
    'volume': ('block-storage', 'volumev3'),
    'network': ('network',),
    'identity': ('identity',),
    'object-store': ('object-store',),
}
MICROVERSION = {'OpenStack-API-Version': 'compute 2.96,volume 3.70'}


class Cloud:
    """Logged in by an entry of a clouds.yaml."""

    def __init__(self, file: pathlib.Path, entry: str) -> None:
        auth = yaml.safe_load(file.read_text(encoding='utf-8'))['clouds'][entry]['auth']
        self.project_name = auth['project_name']
        user = {'name': auth['username'], 'password': auth['password'], 'domain': {'name': auth['user_domain_name']}}
        body = {
            'auth': {
                'identity': {'methods': ['password'], 'password': {'user': user}},
                'scope': {'project': {'name': auth['project_name'], 'domain': {'name': auth['project_domain_name']}}},
            }
        }
        request = _request('POST', auth['auth_url'].rstrip('/') + '/auth/tokens', {}, body)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 the address is the operator's own
            self._token = answer.headers['X-Subject-Token']
            token = json.loads(answer.read())['token']
        self.project = token['project']['id']
        self.catalog = {one['type']: _public(one['endpoints']) for one in token['catalog'] if one['endpoints']}

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs to be this user's, at a recent microversion."""
        return {'X-Auth-Token': self._token, 'Accept': 'application/json', **MICROVERSION}

    def url(self, service: str, path: str) -> str:
        """Address of a path below a service's versioned root."""
        root = next(self.catalog[name] for name in SERVICES[service] if name in self.catalog).rstrip('/')
        if service == 'image' and not root.endswith('/v2'):
            root += '/v2'
        return root + path

    def call(self, method: str, service: str, path: str, body: object = None) -> Any:
        """The JSON of the answer, None where it has no body. Raises RuntimeError for what is no success."""
        request = _request(method, self.url(service, path), self.headers, body)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 the address is of the catalog
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f'{method} {request.full_url}: {error.code} {error.read()[:500]!r}') from error
        return json.loads(text) if text else None


def _public(endpoints: list[dict[str, str]]) -> str:
    return next((one['url'] for one in endpoints if one['interface'] == 'public'), endpoints[0]['url'])


def until(question: Callable[[], bool], what: str, seconds: float, pause: float = 0.25) -> float:
    """Ask until the answer is yes; the seconds that it took. Raises RuntimeError when they are over."""
    began = time.monotonic()
    while not question():
        if time.monotonic() - began > seconds:
            raise RuntimeError(f'Not within {seconds:g} s: {what}.')
        time.sleep(pause)
    return time.monotonic() - began


def _request(method: str, url: str, headers: dict[str, str], body: object) -> urllib.request.Request:
    data = None if body is None else json.dumps(body).encode()
    more = {} if body is None else {'Content-Type': 'application/json'}
    return urllib.request.Request(url, data, {**headers, **more}, method=method)  # noqa: S310 see call
