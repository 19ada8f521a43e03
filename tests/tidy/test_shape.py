"""Modules keep the shape of the house."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.tidy import shape, tree

Check = Callable[[Sequence[tree.Source]], list[str]]
CHECKS: list[Check] = [
    shape.sizes,
    shape.silent,
    shape.unfinished,
    shape.swallowed,
    shape.mocks,
    shape.sleeps,
    shape.unreasoned,
]


@pytest.mark.parametrize('check', CHECKS, ids=lambda check: check.__name__)
def test_the_house_is_tidy(check: Check) -> None:
    assert check(tree.python()) == []


def test_every_file_has_a_noun_for_a_name() -> None:
    assert shape.homeless([s.path for s in tree.everything() if not s.path.startswith(tree.FOREIGN)]) == []


@pytest.mark.parametrize(
    ('check', 'path', 'text'),
    [
        (shape.sizes, 'hansa/rules/a.py', '"""A."""\n' * 401),
        (shape.sizes, 'hansa/rules/a.py', 'def f():\n' + '    x = 1\n' * 70),
        (shape.silent, 'bench/a.py', 'x = 1\n'),
        (shape.silent, 'hansa/rules/a.py', '"""A."""\n\n\ndef choose():\n    return 1\n'),
        (shape.silent, 'hansa/ports/a.py', '"""A."""\n\n\nclass P(Protocol):\n    """P."""\n\n    def f(self): ...\n'),
        (shape.unfinished, 'hansa/rules/a.py', '# TODO: later\n'),
        (shape.unfinished, 'hansa/rules/a.py', 'raise NotImplementedError\n'),
        (shape.swallowed, 'hansa/sync/a.py', 'try:\n    f()\nexcept:\n    pass\n'),
        (shape.mocks, 'tests/rules/test_a.py', 'from unittest import mock\n'),
        (shape.mocks, 'tests/rules/test_a.py', 'import unittest.mock\n'),
        (shape.mocks, 'tests/rules/test_a.py', 'from unittest.mock import Mock\n'),
        (shape.sleeps, 'tests/rules/test_a.py', 'time.sleep(1)\n'),
        (shape.sleeps, 'tests/rules/test_a.py', 'async def f():\n    await asyncio.sleep(0.1)\n'),
        (shape.sleeps, 'tests/rules/test_a.py', 'async def f():\n    await asyncio.sleep(delay)\n'),
        (shape.unreasoned, 'hansa/sync/a.py', 'x = 1  # type: ignore\n'),
        (shape.unreasoned, 'hansa/sync/a.py', 'x = 1  # type: ignore[misc]\n'),
        (shape.unreasoned, 'hansa/sync/a.py', 'x = 1  # noqa: S101\n'),
    ],
)
def test_a_breach_is_seen(check: Check, path: str, text: str) -> None:
    assert len(check([tree.Source(path, text)])) == 1


@pytest.mark.parametrize(
    ('check', 'path', 'text'),
    [
        (shape.sizes, 'hansa/rules/a.py', 'def f():\n' + '    x = 1\n' * 69),
        (shape.silent, 'hansa/rules/a.py', '"""A."""\n\n\ndef _choose():\n    return 1\n'),
        (shape.sleeps, 'tests/rules/test_a.py', 'async def f():\n    await asyncio.sleep(0)\n'),
        (shape.sleeps, 'tests/lab/test_a.py', 'time.sleep(1)\n'),
        (shape.unreasoned, 'hansa/sync/a.py', 'x = 1  # type: ignore[misc]  # the library has no types\n'),
        (shape.unreasoned, 'hansa/sync/a.py', '# the library has no types\nx = 1  # type: ignore[misc]\n'),
    ],
)
def test_what_is_right_passes(check: Check, path: str, text: str) -> None:
    assert check([tree.Source(path, text)]) == []


def test_homeless_names_are_seen() -> None:
    assert len(shape.homeless(['hansa/rules/utils.py', 'hansa/common/zones.py', 'hansa/rules/baseline.py'])) == 2
