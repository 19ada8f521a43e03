"""A house that is killed leaves tasks behind that ended as nobody looked."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _buried() -> Iterator[None]:
    """They are collected here: what asyncio says of them reads source code, which Python 3.11 cannot do in the middle of reading
    some for another test (gh-106905).
    """
    yield
    gc.collect()
