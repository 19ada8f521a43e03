"""What can be made to go wrong with a simulated cloud."""

from __future__ import annotations

import re
from typing import Literal

import msgspec


class Fault(msgspec.Struct):
    """Which requests suffer, and how; `count` of them, then no more (-1: all).

    refuse: ConnectionRefusedError. hang: no answer ever. slow: the answer comes `seconds` of the cloud's clock later.
    error: `status` without the request being carried out. garbage: 200 and bytes that are no JSON.
    lose_reply: the request is carried out and then the connection breaks (ConnectionResetError).
    """

    kind: Literal['refuse', 'hang', 'slow', 'error', 'garbage', 'lose_reply']
    service: str = ''
    method: str = ''
    path: str = ''
    """A regular expression searched for in the whole path."""
    count: int = -1
    status: int = 503
    seconds: float = 5.0

    def strikes(self, service: str, method: str, path: str) -> bool:
        """Whether this request suffers; counts it if so."""
        fits = self.service in ('', service) and self.method in ('', method) and re.search(self.path, path) is not None
        if not fits or not self.count:
            return False
        self.count -= self.count > 0
        return True
