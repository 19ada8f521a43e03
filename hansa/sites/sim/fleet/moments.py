"""Times as text, a hundred thousand of them a second."""

from __future__ import annotations

import functools
import time

_DAY = 86_400
_MINUTES = tuple(f'{minute // 60:02d}:{minute % 60:02d}' for minute in range(_DAY // 60))


def moment(seconds: int) -> str:
    """2026-11-21T11:36:01, which every service goes on in its own way."""
    day, within = divmod(seconds, _DAY)
    return f'{_day(day)}T{_MINUTES[within // 60]}:{within % 60:02d}'


@functools.lru_cache(1000)
def _day(number: int) -> str:
    return time.strftime('%Y-%m-%d', time.gmtime(number * _DAY))
