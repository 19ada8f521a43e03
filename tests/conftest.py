"""What every test starts from: replayable chance, and real clouds only where they are named."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

from tests.postgres import Server, programs

# Derandomised and without a clock, so that a run depends on nothing but the tree.
hypothesis.settings.register_profile('house', derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile('house')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not os.environ.get('LAB_CLOUDS'):
        reason = pytest.mark.skip(reason='LAB_CLOUDS names no clouds.yaml of real clouds; `make lab-test` does')
        for item in items:
            if item.get_closest_marker('lab'):
                item.add_marker(reason)


@pytest.fixture(scope='session')
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of the tests' own."""
    folder = programs()
    if folder is None:
        pytest.skip('PostgreSQL is not installed; `make postgresql` does it (Debian, root)')
    with Server(folder) as server:
        yield server
