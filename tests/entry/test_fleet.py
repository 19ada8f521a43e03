"""`hansa sim fleet` as an operator runs it: what it makes, what it refuses, and that nothing of it stays."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.entry import serving


class Running:
    """A fleet in a process of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.clouds = folder / 'fleet.yaml'
        command = [sys.executable, '-m', 'hansa.entry.cli', 'sim', 'fleet', '--listen', '127.0.0.1:0', *words]
        with (folder / 'stderr').open('wb') as err:
            self.process = subprocess.Popen(
                command, cwd=folder, env=serving.environment(folder), stdout=subprocess.PIPE, stderr=err, text=True, start_new_session=True
            )

    def ready(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            assert selector.select(serving.READY_SECONDS)
        assert stdout.readline() == 'ready\n'

    def urls(self) -> dict[str, str]:
        entries = yaml.safe_load(self.clouds.read_text())['clouds']
        return {name: entry['auth']['auth_url'].removesuffix(f'/{name}/identity/v3') for name, entry in entries.items()}

    def order(self, base: str, path: str, body: object = None) -> Any:
        with contextlib.closing(http.client.HTTPConnection(base.removeprefix('http://'), timeout=30)) as connection:
            connection.request('GET' if body is None else 'POST', path, None if body is None else json.dumps(body))
            return json.load(connection.getresponse())

    def children(self) -> list[int]:
        found = Path(f'/proc/{self.process.pid}/task/{self.process.pid}/children').read_text()
        return [int(word) for word in found.split()]


@contextlib.contextmanager
def running(folder: Path, *words: str) -> Iterator[Running]:
    fleet = Running(folder, *words)
    try:
        fleet.ready()
        yield fleet
    finally:
        fleet.process.terminate()
        fleet.process.communicate(timeout=serving.END_SECONDS)


def test_it_serves_its_sites_and_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path, '--sites', '3', '--servers', '40', '--processes', '2', '--life', '0') as fleet:
        urls = fleet.urls()
        assert list(urls) == ['fleet1', 'fleet2', 'fleet3']
        assert len(set(urls.values())) == len(fleet.children()) == 2
        for base in set(urls.values()):
            told = fleet.order(base, '/fleet/state?digest')
            assert {name: sum(site['servers'].values()) for name, site in told['sites'].items()} == dict.fromkeys(urls, 40)
        assert fleet.order(urls['fleet1'], '/fleet/storm', {'site': 'fleet2', 'seconds': 0.01}) == {'sites': {'fleet2': {}}}
        fleet.order(urls['fleet1'], '/fleet/fault', {'site': 'fleet3', 'kind': 'black-hole'})
        held = socket.create_connection(('127.0.0.1', int(urls['fleet3'].rpartition(':')[2])), timeout=5)
        held.sendall(b'GET /fleet3/identity/v3 HTTP/1.1\r\nHost: x\r\n\r\n')
        children = fleet.children()
        fleet.process.send_signal(signal.SIGTERM)
        assert fleet.process.wait(serving.END_SECONDS) == 0
        held.close()
    assert not fleet.clouds.exists()
    assert [pid for pid in children if Path(f'/proc/{pid}').exists()] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ['stderr']


@pytest.mark.parametrize('end', ['the first', 'a child'])
def test_the_processes_end_together(tmp_path: Path, end: str) -> None:
    with running(tmp_path, '--sites', '2', '--servers', '1') as fleet:
        children = fleet.children()
        watched = [os.pidfd_open(pid) for pid in children]
        os.kill(fleet.process.pid if end == 'the first' else children[0], signal.SIGKILL)
        for each in watched:
            with selectors.DefaultSelector() as selector:
                selector.register(each, selectors.EVENT_READ)
                assert selector.select(serving.END_SECONDS)
            os.close(each)
        assert fleet.process.wait(serving.END_SECONDS) == (-signal.SIGKILL if end == 'the first' else 1)
        assert fleet.clouds.exists() == (end == 'the first')
    # What a killed one left is its own, and the next one takes it over.
    with running(tmp_path, '--sites', '1', '--servers', '1') as fleet:
        assert list(fleet.urls()) == ['fleet1']


@pytest.mark.parametrize(
    ('words', 'why'),
    [
        (['--sites', '0'], '--sites must be a number from 1 to 1000'),
        (['--servers', '2000000'], '--servers must be'),
        (['--sites', '2', '--processes', '3'], 'more than there are sites'),
        (['--volumes-per-server', '2'], '--volumes-per-server must be'),
        (['--life', '-1'], '--life must be'),
        (['--listen', 'nonsense'], '--listen must be HOST:PORT'),
        (['--listen', '127.0.0.1:1,127.0.0.1:2,127.0.0.1:3'], 'names 3 places for 2 processes'),
        (['--listen', '192.0.2.1:0'], 'cannot be listened on'),
        (['--listen', '127.0.0.1:0', '--clouds', 'mine.yaml'], 'is there already'),
        (['--listen', '127.0.0.1:0', '--clouds', 'no/such/folder/fleet.yaml'], 'cannot be written'),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, words: list[str], why: str) -> None:
    (tmp_path / 'mine.yaml').write_text('clouds: {}\n')
    done = serving.hansa(tmp_path, 'sim', 'fleet', *words)
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr.startswith('hansa: ')
    assert why in done.stderr
    assert done.stderr.count('\n') == 1
    assert (tmp_path / 'mine.yaml').read_text() == 'clouds: {}\n'
