"""How fresh a client may ask a list to be: what it says, and when a site is asked again for it."""

from __future__ import annotations

LEAST_S = 1.0
"""No client makes the league look at a kind of a site oftener than this."""

PATIENCE_S = 4.0
"""How long a list waits for sites that are to be asked first."""

LONGEST_S = 30.0
"""How long a look may go on that nobody waits for any more."""


def asked(directives: str) -> float | None:
    """The age in seconds that a request's Cache-Control allows at most; None where it says nothing about that. RFC 9111 5.2.1.

    `no-cache` is an age of 0; of several the smallest holds; what cannot be read is passed over.
    """
    ages = []
    for directive in directives.lower().split(','):
        name, _, value = directive.strip().partition('=')
        digits = value.strip().strip('"')
        if name.strip() == 'no-cache':
            ages.append(0.0)
        elif name.strip() == 'max-age' and digits.isascii() and digits.isdigit():
            ages.append(float(digits[:10]))
    return min(ages, default=None)


def stale(age: float, most: float) -> bool:
    """Whether a copy is older than somebody wants; younger than `LEAST_S` is as young as it gets."""
    return age > max(most, LEAST_S)


def due(since: float, lasted: float) -> bool:
    """Whether a site may be asked again of which the last look began `since` seconds ago and `lasted` so long; half of the time is its own."""
    return since >= max(LEAST_S, 2 * lasted)
