"""The sites to measure over: `hansa sim fleet` in processes of its own, and the orders that are given to it."""

from __future__ import annotations

import contextlib
import json
import pathlib
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any

from bench import cloud, processes
from bench.scale.size import VOLUMES_PER_SERVER, Size
from tests.lab import league

PROCESSES = 2
_START_S = 120
_ORDER_S = 120


class Flotilla:
    """A fleet that runs: `clouds` names its sites."""

    def __init__(self, url: str, clouds: pathlib.Path, program: processes.Program) -> None:
        self.clouds = clouds
        self.program = program
        self._url = url
        self.sites: list[str] = sorted(self.state()['sites'])

    def order(self, method: str, path: str, **body: object) -> Any:
        """Carry an order out; what there is to say of it. Raises urllib.error.HTTPError for a wrong one."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f'{self._url}/fleet{path}', data, method=method)  # noqa: S310 our own fleet
        with urllib.request.urlopen(request, timeout=_ORDER_S) as answer:  # noqa: S310 our own fleet
            return json.loads(answer.read())

    def state(self, site: str = '*', more: str = '') -> Any:
        """Of each site and in sum, as docs/fleet.md tells; `more` is what else shall be told ('&recent')."""
        return self.order('GET', f'/state?site={site}{more}')

    def live(self, rate: float, site: str | Sequence[str] = '*') -> None:
        """So many changes per server and day from now on."""
        self.order('POST', '/life', rate=rate, site=site)

    def storm(self, site: str | Sequence[str], changes: int, seconds: float) -> None:
        """All servers there change so many times within so many seconds."""
        self.order('POST', '/storm', site=site, changes=changes, seconds=seconds)

    def weather(self, site: str | Sequence[str] = '*') -> int:
        """Changes that storms at these sites have yet to bring."""
        wanted = [site] if isinstance(site, str) else site
        told = self.state()['sites']
        return sum(about['storm'] for name, about in told.items() if '*' in wanted or name in wanted)

    @contextlib.contextmanager
    def black_holed(self, sites: Sequence[str]) -> Iterator[None]:
        """These sites answer nothing while the block lasts."""
        self.order('POST', '/fault', site=sites, kind='black-hole', lasts=0)
        try:
            yield
        finally:
            self.order('DELETE', '/fault')


@contextlib.contextmanager
def sailing(folder: pathlib.Path, size: Size) -> Iterator[Flotilla]:
    """Run one of this size, in which nothing happens by itself yet."""
    count = min(PROCESSES, size.sites)
    ports = [processes.free_port() for _ in range(count)]
    log, clouds = folder / 'fleet.log', folder / 'fleet.yaml'
    command = [str(league.BIN / 'hansa'), 'sim', 'fleet', '--sites', str(size.sites), '--servers', str(size.servers)]
    command += ['--volumes-per-server', str(VOLUMES_PER_SERVER), '--processes', str(count), '--life', '0', '--clouds', str(clouds)]
    command += ['--listen', ','.join(f'127.0.0.1:{port}' for port in ports)]
    with processes.running(command, log, ports[0]) as program:
        cloud.until(lambda: 'ready' in log.read_text(errors='replace').splitlines(), 'the fleet is ready', _START_S)
        yield Flotilla(f'http://127.0.0.1:{ports[0]}', clouds, program)
