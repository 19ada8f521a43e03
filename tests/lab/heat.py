"""Heat in front of a league, set up as its operator would: by what `docs/heat` ships, with a database of the lab and its spare virtual host."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import secrets
import signal
import socket
import string
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.lab import league, toolbox

SHIPPED = pathlib.Path(__file__).parents[2] / 'docs' / 'heat'
DATABASE = 'heat_of_the_league'
SERVER = 'openstack:secret@127.0.0.1:13306'
TRANSPORT = 'rabbit://openstack:secret@127.0.0.1:15673/spare'
SETUP_SECONDS = 300
START_SECONDS = 180
STACK_SECONDS = 400
TRIES = 5
# All clouds of the lab share one machine, and one that is slow counts as away.
AWAY = re.compile(r'Site \w+ .*(?:does|did) not answer|status UNKNOWN')


class Heat(NamedTuple):
    """A running one: the command line of its users, and where its log files are."""

    openstack: pathlib.Path
    clouds: pathlib.Path
    logs: pathlib.Path

    def stack(self, *words: str, again: Sequence[str] = ()) -> None:
        """Say `openstack stack WORDS` as the league's plain user, and `again`, or the same once more, where a site was away meanwhile.

        Fails with what it and Heat said where it does not succeed.
        """
        for left in reversed(range(TRIES)):
            done = self._openstack('stack', *words)
            if done.returncode == 0:
                return
            said = f'{done.stdout[-4000:]}\n{done.stderr[-2000:]}\n{_said(self.logs)}'
            assert left, said
            assert AWAY.search(done.stdout + done.stderr), said
            words = tuple(again or words)

    def _openstack(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.openstack), '--os-cloud', 'hansa', *words],
            env=league.environment(OS_CLIENT_CONFIG_FILE=str(self.clouds)),
            capture_output=True, text=True, check=False, timeout=STACK_SECONDS,
        )  # fmt: skip


@contextlib.contextmanager
def before(where: league.League, folder: pathlib.Path) -> Iterator[Heat]:
    """Install Heat, register it in the league's Keystone and run it; nothing of it is left afterwards, and no database."""
    home = toolbox.installed('heat')
    folder.mkdir(parents=True)
    address = f'127.0.0.1:{_free_port()}'
    words = {
        'LEAGUE': where.url,
        'REGION': 'league',
        'HEAT_URL': f'http://{address}',
        'HEAT_PASSWORD': secrets.token_urlsafe(12),
        'HEAT_DOMAIN_PASSWORD': secrets.token_urlsafe(12),
        'HEAT_DATABASE': f'mysql+pymysql://{SERVER}/{DATABASE}?charset=utf8',
        'HEAT_TRANSPORT': TRANSPORT,
        'VENV': str(home),
    }
    files = [_filled(SHIPPED / 'heat.conf', folder, words), _filled(toolbox.LAB / 'heat/lab.conf', folder, words)]
    options = [f'--config-file={file}' for file in files]
    _database(f'DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE} CHARACTER SET utf8mb3')
    try:
        _set_up(home, where, words, options)
        python, serve = str(home / 'bin/python'), str(toolbox.LAB / 'run_wsgi.py')
        with (
            _running(folder / 'api.log', python, serve, address, '4', 'heat.wsgi.api', *options) as api,
            _running(folder / 'engine.log', str(home / 'bin/heat-engine'), *options) as engine,
        ):
            _await(lambda: _answers(words['HEAT_URL']), api, folder)
            _await(lambda: _database('SELECT * FROM service', DATABASE) != '', engine, folder)
            yield Heat(home / 'bin/openstack', where.clouds, folder)
    finally:
        _database(f'DROP DATABASE IF EXISTS {DATABASE}')


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port


def _filled(template: pathlib.Path, folder: pathlib.Path, words: Mapping[str, str]) -> pathlib.Path:
    file = folder / template.name
    file.write_text(string.Template(template.read_text()).substitute(words))
    return file


def _set_up(home: pathlib.Path, where: league.League, words: Mapping[str, str], options: list[str]) -> None:
    """The script's commands and Heat's tables take some twenty seconds together; neither needs the other."""
    environment = league.environment(**words, OS_CLIENT_CONFIG_FILE=str(where.clouds), OS_CLOUD='hansa-admin')
    environment['PATH'] = f'{home / "bin"}{os.pathsep}{environment["PATH"]}'
    commands = [[str(SHIPPED / 'register.sh')], [str(home / 'bin/heat-manage'), *options, 'db_sync']]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for command in commands
    ]
    for process in started:
        try:
            said, _ = process.communicate(timeout=SETUP_SECONDS)
        finally:
            process.kill()
        assert process.returncode == 0, said[-3000:]


def _database(statements: str, name: str = '') -> str:
    user, server = SERVER.split('@')
    (who, password), (host, port) = user.split(':'), server.split(':')
    command = ['mariadb', '--no-defaults', '-N', '-B', f'--host={host}', f'--port={port}', f'--user={who}', f'--password={password}', name]
    return subprocess.run(command, input=statements, capture_output=True, text=True, check=True, timeout=60).stdout


@contextlib.contextmanager
def _running(log: pathlib.Path, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open('wb') as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=league.environment(), start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            # It leads a session of its own: this reaches its workers and nothing else.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 an address that was made here
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _await(ready: Callable[[], bool], process: subprocess.Popen[bytes], logs: pathlib.Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        assert process.poll() is None, f'it ended with {process.returncode}:\n{_said(logs)}'
        assert time.monotonic() < deadline, f'it was not ready in {START_SECONDS} s:\n{_said(logs)}'
        time.sleep(0.2)


def _said(logs: pathlib.Path) -> str:
    return '\n'.join(f'{log.name}:\n{log.read_text(errors="replace")[-3000:]}' for log in sorted(logs.glob('*.log')))
