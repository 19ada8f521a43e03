"""The one door to a site: it takes an OpenStack request and gives an OpenStack response."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol

import msgspec

from hansa.model.secret import Secret
from hansa.model.site import Capabilities, Health

Headers = list[tuple[str, str]]


class Login(msgspec.Struct, frozen=True):
    """A user of the site's own, acting in a project of the site's own (ids of the site)."""

    user: str
    project: str
    secret: Secret


class Acting(msgspec.Struct, frozen=True):
    """As whom a request is sent.

    `login` None means the credential that the operator gave us. With it, `project` (a site's project
    id) scopes that credential to another project than its own; '' leaves it where it is. `nobody` sends no token at all,
    to addresses that the operator's credential knows.
    """

    login: Login | None = None
    project: str = ''
    nobody: bool = False


OPERATOR = Acting()
NOBODY = Acting(nobody=True)


class SiteRequest(msgspec.Struct, frozen=True):
    """An OpenStack request with ids of the site.

    `service` is one of compute, volume, network, image, identity, placement, object-store. `path` starts
    with '/' and lies below the service's versioned endpoint, without a project id in front ('/servers/1c2');
    `path` '^/…' lies below the service's root instead ('^/' is its version document).
    `query` is raw, without '?'. `headers` go as they are; the connector adds X-Auth-Token.
    `body` is bytes, or a stream of chunks for large ones; None sends no body and no Content-Type.
    """

    service: str
    method: str
    path: str
    query: str = ''
    headers: Headers = []
    body: bytes | AsyncIterator[bytes] | None = None


class SiteResponse(Protocol):
    """What came back. Read it or close it; `read` and iteration do close it at the end."""

    status: int
    headers: Headers

    def header(self, name: str) -> str:
        """Value of the first header of that name (any case); '' where there is none."""
        ...

    async def read(self, limit: int = 64 << 20) -> bytes:
        """The whole body; raises TooLarge past `limit` bytes, SiteDown where the site breaks off."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; the site is paused while nobody takes."""
        ...

    async def close(self) -> None:
        """Let go of a body that is not wanted."""
        ...


class Site(Protocol):
    """One cloud. All calls raise SiteDown when it does not answer in `timeout` seconds or not sensibly."""

    name: str
    kind: str

    async def send(self, request: SiteRequest, acting: Acting, timeout: float) -> SiteResponse:
        """Send it; any HTTP status is an answer. `timeout` bounds the wait for the response's head and each chunk after it.

        A site token that the site no longer takes is renewed once, unseen.
        Raises Unsupported where the site has no such service.
        """
        ...

    async def describe(self) -> Capabilities:
        """Ask the site what it is; not kept from an earlier time."""
        ...

    def root(self, service: str) -> str:
        """Path of the service's root in the site's own links ('' or '/compute'); known after describe()."""
        ...

    def own_project(self) -> str:
        """Site id of the project that the operator's credential is scoped to; known after describe()."""
        ...

    def account_prefix(self) -> str:
        """What stands before a project's id in the names of accounts of the site's object store; known after describe()."""
        ...

    def own_user(self) -> str:
        """Site id of the user of the operator's credential; known after describe()."""
        ...

    def health(self) -> Health:
        """Whether it answered when last asked."""
        ...

    def hints(self) -> AsyncGenerator[str, None]:
        """Kinds of which something has changed, as the site's services notify it: each as soon as it is known, any of them may be
        missing. Ends at once where the site's operator grants no notifications.
        """
        ...

    async def close(self) -> None:
        """End all connections."""
        ...
