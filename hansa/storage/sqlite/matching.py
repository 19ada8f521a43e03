"""Text conditions that SQLite has no word for: regular expressions, and substrings whatever their case."""

from __future__ import annotations

import functools
import re
import sqlite3

from hansa.rules import patterns


@functools.lru_cache(64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def matches(pattern: str, raw: bytes | None) -> bool:
    """Whether a pattern is found in the first 255 characters of a text, given as UTF-8."""
    return raw is not None and _compiled(pattern).search(raw.decode('utf-8', 'replace')[:patterns.LENGTH]) is not None


def contains(needle: str, raw: bytes | None) -> bool:
    """Whether a text, given as UTF-8, holds another; `needle` is casefolded."""
    return raw is not None and needle in raw.decode('utf-8', 'replace').casefold()


def folded(raw: bytes) -> str:
    """A text, given as UTF-8, as its index keeps it: without case."""
    return raw.decode('utf-8', 'replace').casefold()


def register(db: sqlite3.Connection) -> None:
    """Make these known to a connection. They take bytes, so that no stored text can fail to decode."""
    db.create_function('folded', 1, folded, deterministic=True)
    db.create_function('matches', 2, matches, deterministic=True)
    db.create_function('contains', 2, contains, deterministic=True)
