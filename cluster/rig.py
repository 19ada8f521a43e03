"""The processes of a league on loopback: PostgreSQL, NATS where it is installed, Keystone, two fronts and two intakes behind one address, two workers, and sites if there are none."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import urllib.parse
from collections.abc import Iterator

import yaml

from bench import nginx, processes
from tests import nats, postgres

_END_SECONDS = 45


class Rig:
    """`url` is where users turn to; `users` the clouds.yaml with the entries `hansa` and `hansa-admin`; `running` the processes by name, and with which `words` they were
    started; `doors` where fronts and intakes listen, by name; `beside` what runs that is no Hansa.
    """

    def __init__(self, folder: pathlib.Path, stack: contextlib.ExitStack) -> None:
        self.folder = folder
        self.url = f'http://127.0.0.1:{processes.free_port()}'
        self.users = folder / 'identity' / 'clouds.yaml'
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.words: dict[str, tuple[str, ...]] = {}
        self.doors: dict[str, str] = {}
        self.beside: dict[str, processes.Program] = {}
        self._stack = stack

    def start(self, name: str, *words: str) -> str:
        """Start `hansa` with these words; what it says when it is ready. Raises RuntimeError where it does not get so far."""
        log = self.folder / f'{name}.log'
        with log.open('ab') as err:
            process = subprocess.Popen(
                [processes.PYTHON, '-m', 'hansa.entry.cli', *words], cwd=self.folder, env=_environment(), stdout=subprocess.PIPE, stderr=err, text=True
            )
        self.running[name], self.words[name] = process, words
        self._stack.callback(_end, process)
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        line = process.stdout.readline()
        if not line.startswith('ready'):
            raise RuntimeError(f'{name} did not begin: {log.read_text(errors="replace")[-3000:]}')
        return line.removeprefix('ready').strip()

    def program(self, name: str) -> processes.Program:
        """A process, to be measured."""
        return processes.Program(self.running[name].pid, self.folder / f'{name}.log')

    def state(self, name: str) -> str:
        """The state folder of a process."""
        return str(self.folder / name)

    def kill(self, name: str) -> None:
        """End a process as a broken machine does."""
        self.running[name].kill()
        self.running[name].wait(_END_SECONDS)


@contextlib.contextmanager
def standing(folder: pathlib.Path, clouds: str = '', sites: str = '', fronts: int = 2, intakes: int = 2, workers: int = 2) -> Iterator[Rig]:
    """Start all of it, end all of it. Without `clouds` the sites are simulated ones, east and west. Raises RuntimeError."""
    programs = postgres.programs()
    if programs is None:
        raise RuntimeError('A league of several processes needs PostgreSQL: install it first (Debian: make postgresql).')
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        rig = Rig(folder, stack)
        server = stack.enter_context(postgres.Server(programs))
        store = server.fresh()
        rig.beside['postgresql'] = processes.Program(server.pid(), server.folder / 'log')
        program = nats.program()
        bus = stack.enter_context(nats.serving(program)).url if program else ''
        keystone = f'127.0.0.1:{processes.free_port()}'
        if not clouds:
            clouds, sites = _simulated(rig), 'east=fleet1,west=fleet2'
        rig.start('identity', 'identity', '--state', rig.state('identity'), '--listen', keystone, '--public-url', rig.url)
        entries = _entries(folder, pathlib.Path(clouds), rig.users)
        settings = _settings(folder, store, bus, rig.url, f'http://{keystone}/identity/v3', entries, sites)
        names = {role: [f'{role}{number}' for number in range(1, count + 1)] for role, count in (('front', fronts), ('intake', intakes))}
        rig.doors = {name: f'127.0.0.1:{processes.free_port()}' for some in names.values() for name in some}
        for number in range(1, workers + 1):
            _take_part(rig, settings, 'worker', number)
        for role, some in names.items():
            for number, name in enumerate(some, 1):
                _take_part(rig, settings, role, number, '--listen', rig.doors[name])
        for_users, for_agents = ([rig.doors[name] for name in some] for some in names.values())
        rig.beside['nginx'] = stack.enter_context(nginx.over(for_users, for_agents, urllib.parse.urlsplit(rig.url).port or 80, folder / 'nginx'))
        yield rig


def _take_part(rig: Rig, settings: pathlib.Path, role: str, number: int, *words: str) -> None:
    """The first one makes the key of the seal; every other is given it."""
    name = f'{role}{number}'
    state = pathlib.Path(rig.state(name))
    state.mkdir(mode=0o700, exist_ok=True)
    key = pathlib.Path(rig.state('worker1')) / 'seal.key'
    if key.exists() and not (state / 'seal.key').exists():
        shutil.copy(key, state / 'seal.key')
    rig.start(name, role, '--config', str(settings), '--state', str(state), *words)


def _simulated(rig: Rig) -> str:
    file = rig.folder / 'fleet.yaml'
    fleet = ('sim', 'fleet', '--sites', '2', '--servers', '1', '--processes', '1', '--life', '0', '--admin')
    rig.start('fleet', *fleet, '--listen', '127.0.0.1:0', '--clouds', str(file))
    return str(file)


def _entries(folder: pathlib.Path, clouds: pathlib.Path, users: pathlib.Path) -> pathlib.Path:
    """One file of entries: those of the sites, and the administrator of the Keystone."""
    found = yaml.safe_load(clouds.read_text(encoding='utf-8'))['clouds']
    keystone = yaml.safe_load(users.read_text(encoding='utf-8'))['clouds']['hansa-admin']
    file = folder / 'clouds.yaml'
    file.touch(mode=0o600)
    file.write_text(json.dumps({'clouds': {**found, 'keystone': keystone}}), encoding='utf-8')
    return file


def _settings(folder: pathlib.Path, store: str, bus: str, url: str, keystone: str, entries: pathlib.Path, sites: str) -> pathlib.Path:
    file = folder / 'hansa.toml'
    file.touch(mode=0o600)
    words = {'store': store, 'bus': bus, 'public_url': url, 'clouds': str(entries), 'sites': sites}
    lines = [f'{name} = {json.dumps(word)}' for name, word in words.items()]
    file.write_text('\n'.join([*lines, '[identity]', f'url = {json.dumps(keystone)}', "cloud = 'keystone'", '']), encoding='utf-8')
    return file


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(('OS_', 'HANSA_'))}
    return {**kept, 'PYTHONPATH': str(processes.ROOT)}


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_END_SECONDS)
    if process.stdout is not None:
        process.stdout.close()

