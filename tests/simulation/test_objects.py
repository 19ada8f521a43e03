"""Operations on objects over three sites, drawn by seeds, as many as one likes: whatever goes wrong, what the league says is true, nothing
that it acknowledged is lost, and nothing that was removed comes back.
"""

from __future__ import annotations

import os
import pathlib

import pytest

from tests import virtual
from tests.simulation.objects.driver import Driver
from tests.simulation.objects.world import World

FIRST, RUNS = int(os.environ.get('OBJECTS_SEED', '1')), int(os.environ.get('OBJECTS_RUNS', '4'))
OPERATIONS = int(os.environ.get('OBJECTS_OPERATIONS', '2000'))


@pytest.mark.parametrize('seed', range(FIRST, FIRST + RUNS))
def test_the_object_store_is_one_dictionary(seed: int, tmp_path: pathlib.Path) -> None:
    drivers: list[Driver] = []

    async def main() -> None:
        drivers.append(Driver(seed, World(tmp_path / 'state', seed)))
        await drivers[0].run(OPERATIONS)

    try:
        virtual.run(main)
    except BaseException:
        story = drivers[0].story
        print('\n'.join(story.log))  # noqa: T201  # to be read
        print(f'seed {seed}: OBJECTS_SEED={seed} OBJECTS_RUNS=1 OBJECTS_OPERATIONS={OPERATIONS} .venv/bin/pytest tests/simulation/test_objects.py')  # noqa: T201  # to be replayed
        raise
