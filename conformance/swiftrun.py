"""Runs Swift's functional tests and tells of each in subunit on standard output; `--list` prints their ids instead.

It is run by the Python of the object clients (lab/objects) in the folder of Swift's sources; nothing else of the project is there. The tests take
it that accounts lie at /v1 of their host. At a league they lie below /object, which is where every request goes but those to Keystone.
"""

import http.client
import importlib
import os
import pathlib
import sys
import unittest
from collections.abc import Callable
from typing import Any

import swiftclient
from subunit.run import SubunitTestRunner

MODULES = (
    'test_protocol', 'test_access_control', 'test_account', 'test_container', 'test_object', 'tests', 'test_slo', 'test_dlo', 'test_tempurl', 'test_symlink',
    'test_versioned_writes', 'test_staticweb', 'test_object_versioning',
)  # fmt: skip


def main() -> None:
    """`--list`, or a file with the ids of the tests to run, a line each."""
    sys.path.insert(0, str(pathlib.Path.cwd()))
    door = os.environ.get('SWIFT_TEST_DOOR', '')
    if door:
        _enter(door)
    loader = unittest.TestLoader()
    if sys.argv[1] == '--list':
        for test in _flat(loader.loadTestsFromNames([f'test.functional.{name}' for name in MODULES])):
            sys.stdout.write(f'{test.id()}\n')
        return
    ids = pathlib.Path(sys.argv[1]).read_text(encoding='utf-8').split()
    # What the tests print must not get between the packets.
    packets, sys.stdout = os.fdopen(os.dup(1), 'wb'), sys.stderr
    SubunitTestRunner(stream=packets, failfast=False).run(loader.loadTestsFromNames(ids))


def _enter(door: str) -> None:
    """Let the tests see accounts at /v1, and send what is for there to the door."""
    ask = swiftclient.get_auth

    def get_auth(*args: Any, **more: Any) -> tuple[str, str]:
        url, token = ask(*args, **more)
        return url.replace(f'{door}/v1/', '/v1/'), token

    swiftclient.get_auth = get_auth
    # The tests have a way of their own to begin a request.
    places: tuple[Any, ...] = (http.client.HTTPConnection, importlib.import_module('test.functional.swift_test_client'))
    for place in places:
        place.putrequest = _through(door, place.putrequest)


def _through(door: str, begin: Callable[..., None]) -> Callable[..., None]:
    def putrequest(self: http.client.HTTPConnection, method: str, url: str, *args: Any, **more: Any) -> None:
        begin(self, method, url if url.startswith('/identity/') else door + url, *args, **more)

    return putrequest


def _flat(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    found = []
    for each in suite:
        found += _flat(each) if isinstance(each, unittest.TestSuite) else [each]
    return found


if __name__ == '__main__':
    main()
