"""A real Nova of the lab, filled with servers for the time of a measurement."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator
from typing import NamedTuple

from bench import cloud

BATCH = 100
NAME = 'bench-nova'
SECONDS = 1200
UNLIMITED = {'quota_set': {'instances': -1, 'cores': -1, 'ram': -1}}


class Source(NamedTuple):
    """A clouds.yaml of the lab, the name of one cloud in it, and how many servers it shall hold."""

    clouds: pathlib.Path
    name: str
    servers: int

    @contextlib.contextmanager
    def filled(self) -> Iterator[tuple[cloud.Cloud, int]]:
        """The plain user's view, and how many servers there are; ours are deleted and its quota put back afterwards."""
        admin = cloud.Cloud(self.clouds, f'{self.name}-admin')
        user = cloud.Cloud(self.clouds, self.name)
        admin.call('PUT', 'compute', f'/os-quota-sets/{user.project}', UNLIMITED)
        try:
            _fill(user, self.servers)
            yield user, len(_ids(user, ''))
        finally:
            _empty(user)
            admin.call('DELETE', 'compute', f'/os-quota-sets/{user.project}')


def _fill(user: cloud.Cloud, servers: int) -> None:
    image = next(one['id'] for one in user.call('GET', 'image', '/images')['images'] if one['name'] == 'cirros')
    flavor = next(one['id'] for one in user.call('GET', 'compute', '/flavors')['flavors'] if one['name'] == 'm1.tiny')
    for start in range(0, servers, BATCH):
        count = min(BATCH, servers - start)
        wanted = {'min_count': count, 'max_count': count, 'networks': 'none'}
        body = {'server': {'name': NAME, 'imageRef': image, 'flavorRef': flavor, **wanted}}
        user.call('POST', 'compute', '/servers', body)
        took = cloud.until(lambda: not _ids(user, 'status=BUILD&'), 'servers built', SECONDS, pause=1)
        print(f'  Nova has {start + count} servers; the last {count} took {took:.0f} s', flush=True)


def _empty(user: cloud.Cloud) -> None:
    for one in _ids(user, f'name=^{NAME}&'):
        with contextlib.suppress(RuntimeError):  # gone already
            user.call('DELETE', 'compute', f'/servers/{one}')
    cloud.until(lambda: not _ids(user, f'name=^{NAME}&'), 'servers deleted', SECONDS, pause=1)


def _ids(user: cloud.Cloud, query: str) -> list[str]:
    """Up to some pages of a thousand."""
    found: list[str] = []
    while True:
        marker = f'&marker={found[-1]}' if found else ''
        page = user.call('GET', 'compute', f'/servers?{query}limit=1000{marker}')['servers']
        found += [one['id'] for one in page]
        if len(page) < 1000:
            return found
