"""What a simulated Swift keeps: accounts, their containers, their objects, and how it writes times."""

from __future__ import annotations

import bisect
import datetime
import email.utils
import math
from typing import Any

import msgspec

Row = dict[str, Any]


class Blob(msgspec.Struct):
    """An object; `headers` are those that were given with it, in lower case.

    `segments` make it a static large object: its manifest, of which `size` tells the whole and `sum` the ETag.
    """

    data: bytes
    etag: str
    media: str
    when: float
    headers: dict[str, str] = {}
    segments: list[Row] | None = None
    size: int = 0
    sum: str = ''

    @property
    def expires(self) -> int:
        """Epoch second at which it is gone; 0 for never."""
        return int(self.headers.get('x-delete-at', '0'))


class Container(msgspec.Struct):
    """`headers` are its metadata, lists of who may read and write among them; `names` are those of its objects, sorted."""

    made: float
    policy: str
    changed: float = 0.0
    headers: dict[str, str] = {}
    blobs: dict[str, Blob] = {}
    names: list[str] = []
    mortal: set[str] = set()
    """Names of objects that expire."""

    enabled: bool | None = None
    """Whether it keeps versions now; None where it never did."""

    past: dict[str, dict[str, Blob]] = {}
    """By name of the object and id, all versions, markers of deletes too; `current` is the id of the one that is read."""

    current: dict[str, str] = {}

    def put(self, name: str, blob: Blob) -> None:
        if name not in self.blobs:
            bisect.insort(self.names, name)
        self.blobs[name] = blob
        (self.mortal.add if blob.expires else self.mortal.discard)(name)

    def drop(self, name: str) -> None:
        """Raises KeyError."""
        del self.blobs[name]
        del self.names[bisect.bisect_left(self.names, name)]
        self.mortal.discard(name)
        self.current.pop(name, None)

    def bury(self, now: float) -> None:
        """Objects go whose time is over."""
        for name in [name for name in self.mortal if self.blobs[name].expires <= now]:
            self.drop(name)

    @property
    def size(self) -> int:
        """Bytes of all objects and versions; a manifest counts as what it is itself."""
        older = sum(len(blob.data) for versions in self.past.values() for blob in versions.values())
        return older + sum(len(blob.data) for name, blob in self.blobs.items() if name not in self.current)


class Account(msgspec.Struct):
    """`headers` are its metadata."""

    made: float
    headers: dict[str, str] = {}
    containers: dict[str, Container] = {}


LIMITS = {
    'max_file_size': 5368709122,
    'max_meta_name_length': 128,
    'max_meta_value_length': 256,
    'max_meta_count': 90,
    'max_meta_overall_size': 4096,
    'max_header_size': 8192,
    'max_object_name_length': 1024,
    'container_listing_limit': 10000,
    'account_listing_limit': 10000,
    'max_account_name_length': 256,
    'max_container_name_length': 256,
    'extra_header_count': 0,
}


class Store(msgspec.Struct):
    """One Swift. `room` is how many bytes it holds at most; `operators` are the roles that it lets in; `limits` are what /info tells under 'swift'."""

    policies: list[str]
    accounts: dict[str, Account] = {}
    room: int = 2 << 30
    operators: frozenset[str] = frozenset({'admin', 'member', 'swiftoperator'})
    limits: dict[str, int] = msgspec.field(default_factory=lambda: dict(LIMITS))

    def bury(self, now: float) -> None:
        """Objects go whose time is over."""
        for account in self.accounts.values():
            for container in account.containers.values():
                if container.mortal:
                    container.bury(now)

    @property
    def used(self) -> int:
        return sum(container.size for account in self.accounts.values() for container in account.containers.values())


def stamp(when: float) -> str:
    """1780000000.00000, as X-Timestamp has it."""
    return f'{when:016.5f}'


def iso(when: float) -> str:
    """2026-11-21T11:36:01.123450, as listings have it."""
    moment = datetime.datetime.fromtimestamp(round(when, 5), datetime.UTC)
    return moment.strftime('%Y-%m-%dT%H:%M:%S.%f')


def http_date(when: float) -> str:
    """Of Last-Modified: the full second that is not before it."""
    return email.utils.formatdate(math.ceil(when), usegmt=True)


def title(name: str) -> str:
    """X-Object-Meta-Colour of x-object-meta-colour."""
    return '-'.join(part.capitalize() for part in name.split('-'))
