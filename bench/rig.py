"""What is measured, put together: a simulated site in its own process, nginx before it, and Hansa over it."""

from __future__ import annotations

import contextlib
import json
import pathlib
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bench import cloud, nginx, processes
from tests.lab import league


class Rig(NamedTuple):
    """Three ways to the same site: `direct`, through the nginx at `nginx_port`, and as one site of `users`' league."""

    site: processes.Program
    site_url: str
    direct: cloud.Cloud
    nginx: processes.Program
    nginx_port: int
    hansa: processes.Program
    users: cloud.Cloud

    def by_nginx(self, url: str) -> str:
        """The same address at the site, reached through nginx."""
        return urllib.parse.urlsplit(url)._replace(netloc=f'127.0.0.1:{self.nginx_port}').geturl()

    def clone(self, server: str, count: int) -> None:
        """Let the site have so many more servers like this one."""
        cloned(self.site_url, server, count)


def cloned(site_url: str, server: str, count: int) -> None:
    """Let a simulated site have so many more servers like this one."""
    body = json.dumps({'server': server, 'count': count}).encode()
    request = urllib.request.Request(f'{site_url}/bench/clone', body, method='POST')  # noqa: S310 our own stub
    with urllib.request.urlopen(request, timeout=120):  # noqa: S310 our own stub
        pass


@contextlib.contextmanager
def standing(folder: pathlib.Path) -> Iterator[Rig]:
    """Start all of it, end all of it."""
    port = processes.free_port()
    url = f'http://127.0.0.1:{port}'
    clouds = folder / 'clouds.yaml'
    clouds.write_text(entries({'demo': url}), encoding='utf-8')
    with contextlib.ExitStack() as stack:
        command = [processes.PYTHON, '-m', 'bench.site', str(port)]
        site = stack.enter_context(processes.running(command, folder / 'site.log', port))
        nginx_port, yardstick = stack.enter_context(nginx.before(port, folder / 'nginx'))
        one = stack.enter_context(league.serve(clouds, 'east=demo', folder / 'state'))
        yield Rig(
            site=site,
            site_url=url,
            direct=cloud.Cloud(clouds, 'demo'),
            nginx=yardstick,
            nginx_port=nginx_port,
            hansa=processes.Program(one.pid, one.log),
            users=cloud.Cloud(one.clouds, 'hansa'),
        )


def server(where: cloud.Cloud, name: str) -> str:
    """Make a server, wait until it is ACTIVE; its id."""
    cloud.until(lambda: bool(where.call('GET', 'image', '/images')['images']), 'an image listed', 60)
    image = where.call('GET', 'image', '/images')['images'][0]['id']
    flavor = where.call('GET', 'compute', '/flavors')['flavors'][0]['id']
    body = {'server': {'name': name, 'imageRef': image, 'flavorRef': flavor, 'networks': 'none'}}
    made: str = where.call('POST', 'compute', '/servers', body)['server']['id']
    cloud.until(
        lambda: where.call('GET', 'compute', f'/servers/{made}')['server']['status'] == 'ACTIVE', f'server {made} ACTIVE', 60
    )
    return made


def entries(urls: Mapping[str, str]) -> str:
    """A clouds.yaml of simulated sites by the names of their entries, each as its user demo."""
    auth = {'username': 'demo', 'password': 'secret', 'project_name': 'demo', 'user_domain_name': 'Default', 'project_domain_name': 'Default'}
    return json.dumps(
        {
            'clouds': {
                name: {'auth': {'auth_url': f'{url}/identity/v3', **auth}, 'region_name': 'RegionOne', 'identity_api_version': 3}
                for name, url in urls.items()
            }
        }
    )
