"""A word that must not be seen: it hides itself from logs, errors and reprs."""

from __future__ import annotations

import re

# Greedy, so that no sign of an odd password is left behind.
_BEFORE_HOST = re.compile(r'(://[^:@/?]*):.*@', re.DOTALL)
_PARAMETER = re.compile(r'([?&][a-z]*password=)[^&]*')


class Secret:
    """Holds a password or token; only `reveal()` gives it."""

    __slots__ = ('_word',)

    def __init__(self, word: str) -> None:
        self._word = word

    def reveal(self) -> str:
        """The word itself, for the one place that sends it."""
        return self._word

    def __repr__(self) -> str:
        return 'Secret(…)'

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._word == self._word

    def __hash__(self) -> int:
        return hash(self._word)


def veiled(url: str) -> str:
    """A URL without the passwords in it, to be shown."""
    return _PARAMETER.sub(r'\1***', _BEFORE_HOST.sub(r'\1:***@', url))
