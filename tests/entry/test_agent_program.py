"""`hansa agent` as an operator starts it: a process of its own between a real port of a site and one of a league."""

from __future__ import annotations

import asyncio
import contextlib
import json
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hansa.ports.clock import SystemClock
from tests.entry import cloud, serving
from tests.keystone import real
from tests.sites.test_http_connections import OK, certificate
from tests.sites.wire import saying, serve

MANY = 1300


class Program:
    """A running agent; `err` is the file of its stderr."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.err = folder / 'agent.err'
        command = [sys.executable, '-m', 'hansa.entry.cli', 'agent', '--site', 'east', '--clouds', 'sites.yaml', '--cloud', 'east', *words]
        with self.err.open('wb') as err:
            self.process = subprocess.Popen(command, cwd=folder, env=serving.environment(folder), stdout=err, stderr=err)

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        return self.process.wait(serving.END_SECONDS)


@contextlib.contextmanager
def agent(folder: Path, league: str, *more: str) -> Iterator[Program]:
    program = Program(folder, '--league', league, '--credential', 'east.credential', *more)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait(serving.END_SECONDS)


def appear(site: cloud.Cloud, first: int, many: int) -> None:
    """Networks come at the site, behind everybody's back."""
    networks = site.sim.state.networks
    some = next(iter(networks.values()))
    for number in range(first, first + many):
        id, now = f'{number:032x}', '2126-11-21T09:00:00Z'
        networks[id] = {**some, 'id': id, 'name': f'n{number}', 'shared': True, 'created_at': now, 'updated_at': now}


def until(program: Program, true: Callable[[], bool]) -> None:
    """Look until something is so, while the agent runs."""
    clock = SystemClock()
    deadline = clock.monotonic() + serving.READY_SECONDS
    while not true():
        assert clock.monotonic() < deadline, f'waited in vain:\n{program.err.read_text()}'
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f'ended with {program.process.wait(0.05)}:\n{program.err.read_text()}')


def until_said(program: Program, words: str) -> None:
    until(program, lambda: words in program.err.read_text())


def test_a_site_is_followed_from_near_it_whoever_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, words = tmp_path / 'state', ('--clouds', 'sites.yaml', '--sites', 'east=east')
    real.cheap(state)
    with cloud.running() as site:
        (tmp_path / 'sites.yaml').write_text(f'clouds: {{east: {site.entry()}}}')
        with serving.serving(tmp_path, state, *words) as league:
            url = f'http://127.0.0.1:{league.port}'

            def operate(*verb: str) -> str:
                done = serving.hansa(tmp_path, 'site', 'agent', *verb, '--state', str(state))
                assert done.returncode == 0, done.stderr
                assert secret not in done.stdout + done.stderr
                return done.stdout

            def networks() -> int:
                return int(league.status()['sites'][0]['counts']['network'])

            def follows() -> str:
                return str(league.status()['sites'][0]['agent']['follows'])

            secret = 'there is none yet'
            operate('add', 'east', '--output', 'east.credential')
            file = tmp_path / 'east.credential'
            secret = file.read_text().strip().partition('.')[2]
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            with agent(tmp_path, url) as first:
                until(first, lambda: follows() == 'site')
                before = networks()
                appear(site, 1, MANY)
                until(first, lambda: networks() > before)
                first.process.kill()
                first.process.wait(serving.END_SECONDS)
            with agent(tmp_path, url) as second:
                until(second, lambda: networks() == before + MANY)
                assert [each['follows'] for each in json.loads(operate('list', 'east', '-f', 'json'))['agents']] == ['site']
                league.end()
                appear(site, MANY + 1, 5)
                until_said(second, 'cannot be reached')
                monkeypatch.setattr(serving, 'free_port', lambda: league.port)
                with serving.serving(tmp_path, state, *words) as again:
                    until(second, lambda: networks() == before + MANY + 5 and follows() == 'site')
                    operate('remove', 'east')
                    assert second.end() == 3
                    told = second.err.read_text()
                    assert 'hansa: The credential of the agent is not known here, or no more.' in told
                    assert 'Traceback' not in told
                    assert secret not in told + again.log()
                    again.until(lambda: follows() == 'league')
                    with agent(tmp_path, url) as third:
                        assert third.end() == 3


def test_what_the_operator_has_to_change_is_said_and_a_stop_is_no_failure(tmp_path: Path) -> None:
    with cloud.running() as site:
        (tmp_path / 'sites.yaml').write_text(f'clouds: {{east: {site.entry()}}}')
        nobody = f'http://127.0.0.1:{serving.free_port()}'
        good = tmp_path / 'east.credential'
        good.write_text('0123abcd.' + 'x' * 43)
        good.chmod(0o600)
        (tmp_path / 'bad').write_text('hunter2')
        for wrong, said in (
            (('--league', nobody, '--credential', 'bad'), 'bad holds no credential of an agent'),
            (('--league', nobody, '--credential', 'absent'), 'absent cannot be read'),
            (('--league', 'league.test', '--credential', 'east.credential'), '--league must be the URL'),
            (('--league', nobody, '--credential', 'east.credential', '--ca', 'bad'), '--ca bad cannot be used'),
            (('--league', nobody, '--credential', 'east.credential', '--cloud', 'west'), "no entry 'west'"),
        ):
            program = Program(tmp_path, *wrong)
            assert program.end() == 2
            assert said in program.err.read_text()
            assert 'hunter2' not in program.err.read_text()
        (tmp_path / 'sites.yaml').write_text(f'clouds: {{east: {site.entry("wrong")}}}')
        with agent(tmp_path, nobody) as program:
            assert program.end() == 2
        (tmp_path / 'sites.yaml').write_text(f'clouds: {{east: {site.entry()}}}')
        with agent(tmp_path, nobody) as program:
            until_said(program, 'cannot be reached')
            program.process.terminate()
            assert program.end() == 0
            assert 'Traceback' not in program.err.read_text()


def test_the_certificate_of_the_league_is_checked(tmp_path: Path) -> None:
    async def main() -> None:
        context = certificate(tmp_path / 'pem')
        with cloud.running() as site:
            (tmp_path / 'sites.yaml').write_text(f'clouds: {{east: {site.entry()}}}')
            (tmp_path / 'east.credential').write_text('0123abcd.' + 'x' * 43)
            async with serve(saying(OK), context) as server:
                for more, said in (((), 'has an untrusted certificate'), (('--ca', 'pem'), 'is no league, or of another release')):
                    with agent(tmp_path, server.base, *more) as program:
                        await asyncio.to_thread(until_said, program, said)
                        assert 'can be read by others' in program.err.read_text()

    asyncio.run(main())
