"""The bound on the cache that Keystone keeps in its own memory.

Keystone changes its keys whenever it drops a region, so that a cache without a bound grows for ever.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Mapping
from typing import Any

from dogpile.cache import api, proxy

ENTRIES = 5_000


class Bound(proxy.ProxyBackend):
    """Stands before a dogpile backend (`[cache] proxies`) and takes out of it what was put there longest ago."""

    def __init__(self, limit: int = ENTRIES) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # dogpile annotates all but this
        self._limit = limit
        self._order: collections.OrderedDict[str, None] = collections.OrderedDict()
        self._lock = threading.Lock()

    def set(self, key: str, value: api.BackendSetType) -> None:
        self.proxied.set(key, value)
        self._entered(key)

    def set_multi(self, mapping: Mapping[str, Any]) -> None:
        for key, value in mapping.items():
            self.set(key, value)

    def _entered(self, key: str) -> None:
        with self._lock:
            self._order[key] = None
            self._order.move_to_end(key)
            while len(self._order) > self._limit:
                oldest, _ = self._order.popitem(last=False)
                self.proxied.delete(oldest)
