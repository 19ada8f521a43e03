"""The clients of the object store with a large tree: each copies it into a league over two clouds of the lab, half to each site, and lists, checks,
fetches and deletes it; exit code 1 where one does not succeed.

`lab/with 2 python -m conformance.objects` runs it.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from conformance import report
from tests.lab import clients, league

SITES = ('east', 'west')
CLIENTS = ('swift', 'rclone', 'boto3')
MIB = 1 << 20
_COPY = 1 << 24


class Step(msgspec.Struct, frozen=True):
    """What one client did with all of the tree, and how long it took."""

    client: str
    what: str
    seconds: float
    result: str


class Size(msgspec.Struct, frozen=True):
    """How large the tree was: small objects and their bytes, large ones and the bytes of each."""

    objects: int
    bytes: int
    large: int
    each: int


def main() -> int:
    """Make the tree, let each client have it, write down what came of it."""
    options = _options()
    steps: list[Step] = []
    with tempfile.TemporaryDirectory(prefix='hansa-objects-', dir=options.folder) as name:
        folder = pathlib.Path(name)
        size = _grown(folder, options)
        with league.serve(pathlib.Path(os.environ['LAB_CLOUDS']), options.sites, folder / 'state', patience=5) as one:
            user = clients.Clients(one.clouds)
            for client in options.client or CLIENTS:
                steps += Play(user, client, folder, size).played()
    told = report.clients(size.objects, size.bytes, size.large, size.each, [(each.client, each.what, each.seconds, each.result) for each in steps])
    print(told)
    if options.write:
        report.written(told)
    return 1 if any(not each.result.startswith('ok') for each in steps) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m conformance.objects', description=__doc__)
    parser.add_argument('--objects', type=int, default=10_000, help='small objects in the tree (default: 10000)')
    parser.add_argument('--large', type=int, default=2, help='large objects in it (default: 2)')
    parser.add_argument('--mib', type=int, default=1024, help='size of a large one (default: 1024)')
    parser.add_argument('--client', action='append', choices=CLIENTS, help='let this client alone have it; can be given again')
    parser.add_argument('--sites', default=','.join(f'{name}={name}-admin' for name in SITES), help='sites of the league (default: %(default)s)')
    parser.add_argument('--folder', default=None, help='where the tree and its copies lie meanwhile (default: the system chooses)')
    parser.add_argument('--write', action='store_true', help='write what was measured into docs/conformance.md')
    options = parser.parse_args()
    if 'LAB_CLOUDS' not in os.environ:
        parser.error('LAB_CLOUDS names no clouds.yaml of the lab; lab/with sets it')
    return options


def _grown(folder: pathlib.Path, options: argparse.Namespace) -> Size:
    """The tree's two halves, `east` and `west`."""
    total = 0
    for number, site in enumerate(SITES):
        total += clients.tree(folder / site, options.objects // len(SITES))
        for each in range(number, options.large, len(SITES)):
            with (folder / site / f'large-{each}').open('wb') as file:
                for _ in range(0, options.mib * MIB, _COPY):
                    file.write(os.urandom(min(_COPY, options.mib * MIB)))
    return Size(options.objects // len(SITES) * len(SITES), total, options.large, options.mib * MIB)


class Play:
    """One client with the whole tree."""

    def __init__(self, user: clients.Clients, client: str, folder: pathlib.Path, size: Size) -> None:
        self._user = user
        self._client = client
        self._folder = folder
        self._expected = size.objects + size.large

    def played(self) -> list[Step]:
        """Its steps, up to the first that fails."""
        steps: list[Step] = []
        for what in ('copy', 'list', 'check', 'fetch', 'delete'):
            began = time.monotonic()
            try:
                said = getattr(self, f'_{what}')()
            except (AssertionError, RuntimeError) as error:
                said = str(error)[-400:].replace('\n', ' ')
            steps.append(Step(self._client, what, time.monotonic() - began, said))
            print(f'  {steps[-1]}', flush=True)
            if not said.startswith('ok'):
                break
        return steps

    def _each(self, act: Callable[[str, str, pathlib.Path], Any]) -> list[Any]:
        """Act on both halves: site, container and folder."""
        return [act(site, f'tree-{self._client}-{site}', self._folder / site) for site in SITES]

    def _copy(self) -> str:
        def act(site: str, name: str, folder: pathlib.Path) -> None:
            if self._client == 'boto3':
                self._user.boto('make', name, folder, site)
                self._user.boto('upload', name, folder)
                return
            made = self._user.ask('PUT', f'/{name}', {'X-Storage-Policy': site})
            if made.status_code not in {201, 202}:
                raise RuntimeError(made.text)
            if self._client == 'swift':
                self._user.swift('upload', '--segment-size', str(256 * MIB), '--use-slo', name, '.', folder=folder)
            else:
                self._user.rclone('copy', '--transfers', '8', str(folder), f'league:{name}')

        self._each(act)
        return 'ok'

    def _list(self) -> str:
        def act(site: str, name: str, folder: pathlib.Path) -> int:
            if self._client == 'boto3':
                return int(self._user.boto('list', name, folder))
            said = self._user.swift('list', name) if self._client == 'swift' else self._user.rclone('lsf', '-R', '--files-only', f'league:{name}')
            return len(said.splitlines())

        counted = sum(self._each(act))
        return f'ok, {counted} objects' if counted == self._expected else f'{counted} of {self._expected} objects listed'

    def _check(self) -> str:
        """rclone compares with what lies there, whoever copied it; sizes alone where objects have segments."""

        def act(site: str, name: str, folder: pathlib.Path) -> str:
            return self._user.rclone('check', *(() if self._client == 'rclone' else ('--size-only',)), str(folder), f'league:{name}')

        said = self._each(act)
        return 'ok, no differences' if all('0 differences found' in each for each in said) else ' '.join(said)

    def _fetch(self) -> str:
        def act(site: str, name: str, folder: pathlib.Path) -> bool:
            back = self._folder / f'back-{site}'
            if self._client == 'boto3':
                self._user.boto('download', name, back)
            elif self._client == 'swift':
                self._user.swift('download', name, '-D', str(back))
            else:
                self._user.rclone('copy', '--transfers', '8', f'league:{name}', str(back))
            same = clients.digest(back) == clients.digest(folder)
            shutil.rmtree(back)
            return same

        return 'ok, the same' if all(self._each(act)) else 'what came back differs'

    def _delete(self) -> str:
        def act(site: str, name: str, folder: pathlib.Path) -> None:
            if self._client == 'boto3':
                self._user.boto('delete', name, folder)
            elif self._client == 'swift':
                for each in self._named([name]):
                    self._user.swift('delete', each)
            else:
                self._user.rclone('purge', f'league:{name}')

        self._each(act)
        left = self._named([f'tree-{self._client}-{site}' for site in SITES])
        return 'ok' if not left else f'left: {", ".join(left)}'

    def _named(self, names: Sequence[str]) -> list[str]:
        return [name for name in self._user.ask('GET', '', {'Accept': 'text/plain'}).text.splitlines() if name.startswith(tuple(names))]


if __name__ == '__main__':
    sys.exit(main())
