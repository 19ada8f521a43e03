"""What is counted of requests: how many of which sort, how long they took, how many were refused. The words are few, whatever clients send."""

from __future__ import annotations

from collections.abc import Iterable

from hansa.northbound.hall import table, wire
from hansa.ports.clock import Clock
from hansa.ports.tally import Spread

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

_METHODS = table.METHODS | {'OPTIONS'}
_CLASSES = {number: f'{number}xx' for number in range(1, 6)}


class Meter:
    """`requests` by API, method, kind of route and class of status; `seconds` by API and kind of route; `refusals` by API and reason.

    The class of a request whose client went away before the answer was whole is 'left'.
    """

    def __init__(self, clock: Clock) -> None:
        self.now = clock.monotonic
        self.under_way = 0
        self.requests: dict[tuple[str, str, str, str], int] = {}
        self.seconds: dict[tuple[str, str], Spread] = {}
        self.refusals: dict[tuple[str, str], int] = {}

    def expect(self, apis: Iterable[str]) -> None:
        """Begin the counts of refusals, so that the first one shows as a step."""
        self.refusals |= {(api, reason): 0 for api in apis for reason in wire.REASONS}

    def count(self, note: wire.Note, method: str, status: int, seconds: float) -> None:
        """One request is over; `status` 0 where the client left."""
        key = (note.api, method if method in _METHODS else 'other', note.route, _CLASSES.get(status // 100, 'left'))
        self.requests[key] = self.requests.get(key, 0) + 1
        sort = (note.api, note.route)
        spread = self.seconds.get(sort)
        if spread is None:
            spread = self.seconds[sort] = Spread(SECONDS)
        spread.add(seconds)
        if note.refusal:
            refused = (note.api, note.refusal)
            self.refusals[refused] = self.refusals.get(refused, 0) + 1
