"""Which services of a site do not answer, when each is tried again, and the one line in the log when a site is lost and when it is found."""

from __future__ import annotations

import logging

RETRY_S = 3.0
TIMEOUT_S = 10.0
PROBE_S = 4.0

_LOG = logging.getLogger('hansa.sync')


class Outages:
    """Times are of the monotonic clock. A service that hangs may take a third of the lane, no more."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._until: dict[str, float] = {}

    def __contains__(self, service: str) -> bool:
        return service in self._until

    def until(self, service: str) -> float:
        """Before this the service is not to be asked; 0 for one that answers."""
        return self._until.get(service, 0.0)

    def timeout(self, service: str) -> float:
        """Seconds to wait for an answer: less where there was none last time."""
        return PROBE_S if service in self._until else TIMEOUT_S

    def lost(self, service: str, why: Exception, now: float, lasted: float) -> None:
        """A service gave no answer, after so many seconds, or refuses our credential."""
        if not self._until:
            _LOG.warning('Site %s is lost (%s): %s', self._site, service, why)
        self._until[service] = now + max(RETRY_S, 2 * min(lasted, PROBE_S))

    def found(self, service: str) -> bool:
        """A service answered; returns whether that is news."""
        if self._until.pop(service, None) is None:
            return False
        if not self._until:
            _LOG.info('Site %s is found again.', self._site)
        return True
