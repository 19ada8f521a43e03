"""Numbers as ids: sites count their aggregates and the like from 1, and the league tells them apart by the last digits."""

from __future__ import annotations

SITES = 1000
"""One more than there may be sites with a number over all time."""


def league(site: int, local: int) -> int:
    """The league's number for a site's: 12 at the site with number 3 is 12003."""
    return local * SITES + site


def local(number: int) -> tuple[int, int]:
    """(number of the site, number there) of a league's number."""
    there, site = divmod(number, SITES)
    return site, there


def number(word: str) -> int | None:
    """The number that a word of a path or query is; None for what is none or has more digits than any."""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 18 else None


def below(word: str) -> bool:
    """Whether a word is a number below zero: an id that nothing has, and yet no word of a wrong form."""
    return word.startswith('-') and number(word[1:]) is not None
