"""Running Tempest: which tests there are, and their outcomes as they come in."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Sequence

from conformance import conf, facts, results, tools

TEST_SECONDS = 600
_OUT = 'run.jsonl'
_POLL = 1.0
_TELL = 60.0


class Runner:
    """Tempest with one cloud's tempest.conf in a folder of its own."""

    def __init__(self, folder: pathlib.Path, cloud: facts.Facts) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'tempest.conf').write_text(conf.rendered(cloud, folder), encoding='utf-8')
        packages = _packages()
        (folder / '.stestr.conf').write_text(
            f'[DEFAULT]\ntest_path={packages}/tempest/test_discover\ntop_dir={packages}\ngroup_regex=([^\\.]*\\.)*\n', encoding='utf-8'
        )
        if not (folder / '.stestr').exists():
            subprocess.run([str(tools.BIN / 'stestr'), 'init'], cwd=folder, env=self._environment(), check=True, timeout=60)

    def tests(self, services: Sequence[str], regex: str) -> list[str]:
        """Ids of the API tests of these services whose id the expression finds."""
        command = [str(tools.BIN / 'stestr'), 'list', r'^tempest\.api\.']
        done = subprocess.run(command, cwd=self._folder, env=self._environment(), check=True, timeout=300, stdout=subprocess.PIPE)
        ids = [line for line in done.stdout.decode().splitlines() if line.startswith('tempest.api.')]
        return [id for id in ids if results.service(id) in services and re.search(regex, id)]

    def run(self, ids: Sequence[str], workers: int, seconds: float) -> None:
        """Run these, for at most so many seconds."""
        chosen, out = self._folder / 'chosen', self._folder / _OUT
        chosen.write_text('\n'.join(ids) + '\n', encoding='utf-8')
        command = [str(tools.BIN / 'stestr'), 'run', '--subunit', '--concurrency', str(workers), '--load-list', str(chosen)]
        with out.open('wb') as sink, (self._folder / 'stestr.log').open('wb') as log:
            tests = subprocess.Popen(
                command, cwd=self._folder, env=self._environment(), stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
            reader = [str(tools.BIN / 'python'), str(tools.HERE / 'stream.py')]
            filtered = subprocess.Popen(reader, stdin=tests.stdout, stdout=sink, stderr=log)
            if tests.stdout is not None:
                # The filter alone holds the pipe, so that it ends when the tests do.
                tests.stdout.close()
            try:
                self._watch(filtered, out, len(ids), seconds)
            finally:
                _ended(tests)
                filtered.wait(60)

    def said(self) -> list[results.Outcome]:
        """The outcomes of the last run so far."""
        with (self._folder / _OUT).open('rb') as lines:
            return results.told(lines)

    def _watch(self, filtered: subprocess.Popen[bytes], out: pathlib.Path, number: int, seconds: float) -> None:
        began = told = time.monotonic()
        while filtered.poll() is None and time.monotonic() - began < seconds:
            time.sleep(_POLL)
            if time.monotonic() - told > _TELL:
                told = time.monotonic()
                ended = out.read_bytes().count(b'\n')
                print(f'   {ended} of {number} ended after {told - began:.0f} s', file=sys.stderr, flush=True)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(('OS_', 'PYTHON'))}
        return {
            **kept,
            'PATH': f'{tools.BIN}{os.pathsep}{kept.get("PATH", "")}',
            'TEMPEST_CONFIG_DIR': str(self._folder),
            'OS_TEST_TIMEOUT': str(TEST_SECONDS),
        }


def _ended(tests: subprocess.Popen[bytes]) -> None:
    """stestr and its workers are one session, and end together; what a test that is cut off had made stays behind."""
    if tests.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(tests.pid, 15)
    try:
        tests.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(tests.pid, 9)
        tests.wait(10)


def _packages() -> pathlib.Path:
    return next((tools.BIN.parent / 'lib').glob('python3*/site-packages'))
