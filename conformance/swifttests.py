"""Swift's functional tests: where they come from, which there are, and their outcomes as they come in."""

from __future__ import annotations

import configparser
import os
import pathlib
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Sequence

from conformance import results, tools
from conformance.people import Person
from tests.lab import toolbox

HERE = pathlib.Path(__file__).parent
LOCK = toolbox.LAB / 'objects' / 'requirements.lock'
_OUT = 'run.jsonl'
_TELL = 60.0


def sources(environment: pathlib.Path) -> pathlib.Path:
    """The folder of Swift's sources, of the version and with the hash that the lock names; fetched where it is not there. Raises CalledProcessError."""
    name = f'swift-{tools.version("swift", LOCK)}'
    home = environment.parent / 'sources'
    if not (home / name).is_dir():
        lines = LOCK.read_text(encoding='utf-8').splitlines()
        start = next(at for at, line in enumerate(lines) if line.startswith('swift=='))
        end = next((at for at in range(start + 1, len(lines)) if not lines[at].startswith(' ')), len(lines))
        home.mkdir(exist_ok=True)
        one = home / 'swift.lock'
        one.write_text('\n'.join(lines[start:end]) + '\n', encoding='utf-8')
        options = ['-qq', '--disable-pip-version-check', '--require-hashes', '--no-deps', '--no-build-isolation', '--no-binary', 'swift']
        subprocess.run([str(environment / 'bin/pip'), 'download', *options, '-d', str(home), '-r', str(one)], check=True, timeout=600)
        with tarfile.open(home / f'{name}.tar.gz') as packed:
            packed.extractall(home, filter='data')
    return home / name


def every(environment: pathlib.Path) -> list[str]:
    """Ids of all tests."""
    done = subprocess.run(
        _command(environment, '--list'), cwd=sources(environment), env=_environment({}), check=True, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return done.stdout.decode().split()


class Run:
    """The tests with one cloud's test.conf in a folder of its own. `door` is the path below which its object store lies, where it is not the root."""

    def __init__(self, folder: pathlib.Path, environment: pathlib.Path, url: str, users: Sequence[Person], door: str) -> None:
        self._folder = folder
        self._python = environment
        self._more = {'SWIFT_TEST_CONFIG_FILE': str(folder / 'test.conf'), 'SWIFT_TEST_DOOR': door, 'SWIFT_TEST_IN_PROCESS': 'false'}
        self._over = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _OUT).write_bytes(b'')
        parser = configparser.RawConfigParser()
        parser['func_test'] = conf(url, users)
        with (folder / 'test.conf').open('w', encoding='utf-8') as file:
            parser.write(file)

    def play(self, ids: Sequence[str], seconds: float) -> None:
        """Run these, for at most so many seconds."""
        chosen = self._folder / 'chosen'
        chosen.write_text('\n'.join(ids) + '\n', encoding='utf-8')
        with (self._folder / _OUT).open('wb') as sink, (self._folder / 'tests.log').open('wb') as log:
            tests = subprocess.Popen(
                _command(self._python, str(chosen)), cwd=sources(self._python), env=_environment(self._more), stdout=subprocess.PIPE, stderr=log
            )
            reader = [str(self._python / 'bin/python'), str(HERE / 'stream.py')]
            filtered = subprocess.Popen(reader, stdin=tests.stdout, stdout=sink, stderr=log)
            if tests.stdout is not None:
                # The filter alone holds the pipe, so that it ends when the tests do.
                tests.stdout.close()
            try:
                self._watch(filtered, len(ids), seconds)
            finally:
                tests.kill()
                tests.wait(10)
                filtered.wait(60)

    def end(self) -> None:
        """Let `play` come back now."""
        self._over.set()

    def said(self) -> list[results.Outcome]:
        """The outcomes of the last run so far."""
        with (self._folder / _OUT).open('rb') as lines:
            return results.told(lines)

    def _watch(self, filtered: subprocess.Popen[bytes], number: int, seconds: float) -> None:
        began = told = time.monotonic()
        while filtered.poll() is None and time.monotonic() - began < seconds and not self._over.wait(1):
            if time.monotonic() - told > _TELL:
                told = time.monotonic()
                ended = (self._folder / _OUT).read_bytes().count(b'\n')
                print(f'   {self._folder.name}: {ended} of {number} ended after {told - began:.0f} s', file=sys.stderr, flush=True)


def conf(url: str, users: Sequence[Person]) -> dict[str, str]:
    """The section [func_test] of test.conf."""
    told = {'auth_version': '3', 'auth_uri': f'{url.rstrip("/")}/', 'collate': 'C', 'insecure': 'no'}
    for one in users:
        tail = '' if one.number == 1 else str(one.number)
        told |= {f'account{tail}': one.project, f'username{tail}': one.user, f'password{tail}': one.password, f'domain{tail}': one.domain}
    return told


def _command(environment: pathlib.Path, word: str) -> list[str]:
    return [str(environment / 'bin/python'), str(HERE / 'swiftrun.py'), word]


def _environment(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(('OS_', 'PYTHON', 'SWIFT_'))}
    return {**kept, **more}
