"""Who hears of what, inside one process."""

from __future__ import annotations

import logging
from collections.abc import Callable

from hansa.ports.bus import Handler

_log = logging.getLogger('hansa.bus')


class Ears:
    """Handlers by the beginning of subjects, word by word."""

    def __init__(self) -> None:
        self._handlers: dict[object, tuple[str, Handler]] = {}

    def add(self, prefix: str, handler: Handler) -> Callable[[], None]:
        """Returns what takes it away again."""
        key = object()
        self._handlers[key] = (f'{prefix}.', handler)
        return lambda: self._handlers.pop(key, None) and None

    def tell(self, subject: str, body: bytes) -> None:
        """Tell all who want to hear of it; what one raises the others do not feel."""
        for key, (prefix, handler) in list(self._handlers.items()):
            # One that was told may have taken another away.
            if key in self._handlers and f'{subject}.'.startswith(prefix):
                try:
                    handler(subject, body)
                except Exception:  # noqa: BLE001 - whatever it is, it is logged and must not end the hearing
                    _log.exception('a hint of %s was not taken well', subject)
