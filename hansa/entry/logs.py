"""How the league logs: one line or one JSON object for each message, on stderr."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from hansa.entry.config import Config

_FORM = '%(asctime)s %(levelname)-7s %(name)s: %(message)s'

# These say what they read and write, headers with tokens among it, or what the league says itself.
_HUSHED = ('uvicorn', 'asyncio', 'openstack', 'keystoneauth', 'stevedore', 'urllib3')


def begin(config: Config) -> None:
    """Log from now on as the settings say."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines() if config.log_format == 'json' else logging.Formatter(_FORM))
    handler.addFilter(_worth_it)
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler], force=True)
    for name in _HUSHED:
        logging.getLogger(name).setLevel('WARNING')


def _worth_it(record: logging.LogRecord) -> bool:
    """Requests cut off at the end of a drain are told by one line; where each of them stood helps nobody."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not issubclass(kind, asyncio.CancelledError)


class Lines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and trace where something broke."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {'time': self.formatTime(record), 'level': record.levelname.lower(), 'logger': record.name, 'message': record.getMessage()}
        if record.exc_info:
            entry['trace'] = self.formatException(record.exc_info)
        return msgspec.json.encode(entry).decode()
