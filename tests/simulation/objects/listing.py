"""What a listing must be where it is not sure of every name whether it is there."""

from __future__ import annotations

import urllib.parse
from collections.abc import Collection, Sequence
from typing import NamedTuple

Row = tuple[str, bool]
"""A name, or a rolled-up prefix (True)."""


class Asked(NamedTuple):
    """The arguments of a listing; `limit` 0 for none."""

    limit: int = 0
    marker: str = ''
    end_marker: str = ''
    prefix: str = ''
    delimiter: str = ''
    reverse: bool = False

    def words(self) -> str:
        """As they stand in a URL."""
        told = {name: value for name, value in self._asdict().items() if value}
        return urllib.parse.urlencode(told | ({'reverse': 'true'} if self.reverse else {}))


def rows(names: Collection[str], asked: Asked) -> list[Row]:
    """All of them, whatever the limit; judged here again and not by what is tested."""
    low, high = (asked.end_marker, asked.marker) if asked.reverse else (asked.marker, asked.end_marker)
    found: set[Row] = set()
    for name in names:
        if not name.startswith(asked.prefix) or name.encode() <= low.encode() or (high and name.encode() >= high.encode()):
            continue
        head, between, _ = name[len(asked.prefix) :].partition(asked.delimiter) if asked.delimiter else (name, '', '')
        if not between:
            found.add((name, False))
        elif (subdir := asked.prefix + head + between) != low:
            found.add((subdir, True))
    return sorted(found, key=lambda row: (row[0].encode(), row[1]), reverse=asked.reverse)


def judge(told: Sequence[Row], asked: Asked, certain: Collection[str], possible: Collection[str]) -> tuple[set[str], set[str]]:
    """Names that are there after all, and names that are not. Raises AssertionError for what no state that is possible would give."""
    may, must = rows(possible, asked), rows(certain, asked)
    place = {row: number for number, row in enumerate(may)}
    strange = [row for row in told if row not in place]
    assert not strange, f'listed and not there: {strange}'
    order = [place[row] for row in told]
    assert order == sorted(set(order)), f'out of order: {told}'
    assert not asked.limit or len(told) <= asked.limit, f'{len(told)} rows for a limit of {asked.limit}'
    end = order[-1] if asked.limit and len(told) == asked.limit else len(may)
    missed = [row for row in must if place[row] <= end and row not in set(told)]
    assert not missed, f'there and not listed: {missed}'
    seen = {name for name, subdir in told if not subdir}
    told_all = {row for number, row in enumerate(may) if number <= end}
    absent = {name for name in set(possible) - set(certain) for row in rows([name], asked) if row in told_all and row not in set(told)}
    return seen, absent
