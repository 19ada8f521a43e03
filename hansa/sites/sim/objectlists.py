"""What of an account's or a container's names one page of its listing shows, as Swift judges it."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

import msgspec


class Wish(msgspec.Struct, frozen=True):
    """The arguments of a listing; `path` None where it was not asked for."""

    limit: int
    marker: str = ''
    end_marker: str = ''
    prefix: str = ''
    delimiter: str = ''
    path: str | None = None
    reverse: bool = False


def page(names: Sequence[str], wish: Wish) -> list[tuple[str, bool]]:
    """(name, whether it is a rolled-up prefix) in order; `names` are sorted."""
    low, high = (wish.end_marker, wish.marker) if wish.reverse else (wish.marker, wish.end_marker)
    prefix, delimiter = wish.prefix, wish.delimiter
    if wish.path is not None:
        prefix, delimiter = (wish.path.rstrip('/') + '/' if wish.path else ''), '/'
    first = max(bisect.bisect_right(names, low) if low else 0, bisect.bisect_left(names, prefix))
    last = bisect.bisect_left(names, high) if high else len(names)
    within = range(first, last)
    shown: list[tuple[str, bool]] = []
    previous = ''
    for at in reversed(within) if wish.reverse else within:
        if len(shown) >= wish.limit:
            break
        name = names[at]
        if not name.startswith(prefix):
            if wish.reverse or name < prefix:
                continue
            break
        end = name.find(delimiter, len(prefix)) if delimiter else -1
        if wish.path is not None:
            if name != prefix and (end < 0 or len(name) == end + len(delimiter)):
                shown.append((name, False))
        elif end < 0:
            shown.append((name, False))
        elif (subdir := name[: end + len(delimiter)]) != previous:
            previous = subdir
            if subdir != low:
                shown.append((subdir, True))
    return shown
