"""Creates that make several servers at once (`min_count`, `max_count`)."""

from __future__ import annotations

from typing import Any


def most(item: dict[str, Any]) -> int:
    """How many servers a create asks for at most; 1 for what cannot be understood, which its site refuses."""
    return max(_number(item.get('max_count')), _number(item.get('min_count')))


def told(item: dict[str, Any]) -> bool:
    """Whether the site's answer names all that was made; of several it names the first, or none but a reservation."""
    return most(item) == 1 and str(item.get('return_reservation_id') or 'false').lower() in {'false', '0', 'off', 'n', 'no', 'f'}


def _number(value: object) -> int:
    """Nova takes numbers and words that are numbers."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return 1
    word = str(value)
    return max(1, int(word)) if word.isdecimal() and len(word) < 10 else 1
