"""A service that fails again and again is not asked for a while, so that nobody waits for it."""

from __future__ import annotations

from hansa.model.errors import SiteDown
from hansa.model.site import Health
from hansa.ports.clock import Clock

PATIENCE = 2
PROBE_EVERY = 5.0


class Breaker:
    """A circuit for each service of one site; identity's covers the others, for nothing goes without tokens in the end."""

    def __init__(self, site: str, clock: Clock) -> None:
        self._site = site
        self._clock = clock
        self._since = clock.now()
        self._failures: dict[str, int] = {}
        self._open: dict[str, tuple[float, str]] = {}
        self._next_probe = 0.0

    def admit(self, service: str) -> None:
        """Raises SiteDown where the circuit is open."""
        for word in ('identity', service):
            if word in self._open:
                raise SiteDown(self._site, f'({word}) {self._open[word][1]}', int(PROBE_EVERY))

    def failed(self, service: str, reason: str, *, surely: bool = False) -> None:
        """It did not answer, or not in HTTP; `surely` opens the circuit at the first time."""
        failures = self._failures[service] = self._failures.get(service, 0) + 1
        if (failures >= PATIENCE or surely) and service not in self._open:
            self._open[service] = (self._clock.now(), reason)

    def answered(self, service: str) -> None:
        """It answered something."""
        self._failures.pop(service, None)
        if self._open.pop(service, None) is not None and not self._open:
            self._since = self._clock.now()

    def suspects(self) -> list[str]:
        """Services to be tried again now; [] where all is well or the last try is not long ago."""
        if not self._open or self._clock.monotonic() < self._next_probe:
            return []
        self._next_probe = self._clock.monotonic() + PROBE_EVERY
        return ['identity', *(word for word in self._open if word != 'identity')]

    def health(self) -> Health:
        """Of the site: unreachable where identity or compute is."""
        for word in ('identity', 'compute'):
            if word in self._open:
                since, reason = self._open[word]
                return Health(reachable=False, since=since, reason=f'{word} {reason}')
        return Health(reachable=True, since=self._since)
