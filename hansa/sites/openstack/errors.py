"""What goes wrong on the way to a cloud, in the words of the house."""

from __future__ import annotations

from hansa.model.errors import SiteDown
from hansa.ports.http import TransportError


class LoginRefused(SiteDown):
    """The cloud answers, but takes no login of ours: a matter for the operator, who is told `detail`."""

    def __init__(self, site: str, status: int, detail: str) -> None:
        super().__init__(site, f'(identity) answered our login with {status}')
        self.detail = detail


def down(site: str, service: str, error: TransportError, retry_after: int = 10) -> SiteDown:
    """SiteDown for a service that was not reached or sent nonsense."""
    return SiteDown(site, f'({service}) {error.reason}', retry_after, error.sent)
