"""What a running league tells of itself: its metrics, read from the socket in its folder."""

from __future__ import annotations

import http.client
import pathlib
import re
import socket
from collections.abc import Mapping

_LINE = re.compile(r'hansa_(\w+?)(?:\{(.*)\})? (\S+)')
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_WAIT_S = 60.0


class Gauges:
    """One look: values by name, each with its labels."""

    def __init__(self, text: str) -> None:
        self._found: dict[str, list[tuple[Mapping[str, str], float]]] = {}
        for line in text.splitlines():
            if found := _LINE.fullmatch(line):
                labels = dict(_LABEL.findall(found[2] or ''))
                self._found.setdefault(found[1], []).append((labels, float(found[3])))

    def sum(self, name: str, **labels: str) -> float:
        """Of all that bear these labels."""
        return sum(value for its, value in self._found.get(name, ()) if labels.items() <= its.items())

    def sites(self, name: str, **labels: str) -> dict[str, float]:
        """By site."""
        return {its['site']: value for its, value in self._found.get(name, ()) if 'site' in its and labels.items() <= its.items()}


def read(state: pathlib.Path) -> Gauges:
    """Of the league that keeps this folder; none where it does not listen yet."""
    wire = http.client.HTTPConnection('hansa', timeout=_WAIT_S)
    wire.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    wire.sock.settimeout(_WAIT_S)
    try:
        wire.sock.connect(str(state / 'hansa.sock'))
        wire.request('GET', '/metrics')
        return Gauges(wire.getresponse().read().decode())
    except (FileNotFoundError, ConnectionError):
        return Gauges('')
    finally:
        wire.close()
