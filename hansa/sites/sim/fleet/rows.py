"""What changes about an object that nobody touched, in a few bytes each; all else follows from its number."""

from __future__ import annotations

from array import array
from typing import NamedTuple

NONE = 0xFFFFFFFF
"""A number that no object has."""

DOCUMENT, GONE = 255, 254
"""Codes of rows that are documents by now, and of those that are no more."""


class Stage(NamedTuple):
    """Nova's vm_state, task_state and power_state."""

    vm: str
    task: str | None
    power: int


STAGES = (
    Stage('active', None, 1),
    Stage('active', 'powering-off', 1),
    Stage('stopped', None, 4),
    Stage('stopped', 'powering-on', 4),
    Stage('building', 'spawning', 0),
    Stage('active', 'deleting', 1),
    Stage('deleted', None, 0),
    Stage('error', None, 0),
    Stage('error', 'rebooting_hard', 0),
)
ACTIVE, STOPPING, STOPPED, STARTING, BUILDING, DELETING, DELETED, ERROR, REBOOTING = range(len(STAGES))
NEXT = (STOPPING, STOPPED, STARTING, ACTIVE, ACTIVE, DELETED, DELETED, REBOOTING, ACTIVE)
"""What each stage turns into; four changes lead a running server back to where it was."""
SETTLED = (ACTIVE, STOPPED, ERROR)

VOLUME_STATUS = ('available', 'in-use')
AVAILABLE, IN_USE = range(len(VOLUME_STATUS))


class Rows:
    """The bytes of one kind; times are whole epoch seconds."""

    def __init__(self) -> None:
        self.code = array('B')
        self.created = array('I')
        self.updated = array('I')

    def __len__(self) -> int:
        return len(self.code)

    def add(self, code: int, created: int) -> int:
        """One more row; its number."""
        self.code.append(code)
        self.created.append(created)
        self.updated.append(created)
        return len(self.code) - 1


class Servers(Rows):
    """`code` is a number of STAGES; `port` and `volume` are numbers of its port and its volume."""

    def __init__(self) -> None:
        super().__init__()
        self.port = array('I')
        self.volume = array('I')

    def add(self, code: int, created: int) -> int:
        self.port.append(NONE)
        self.volume.append(NONE)
        return super().add(code, created)


class Ports(Rows):
    """`code` is 0 for one that is there; `server` is the number of the server that it belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self.server = array('I')

    def add(self, code: int, created: int) -> int:
        self.server.append(NONE)
        return super().add(code, created)


class Volumes(Ports):
    """`code` is a number of VOLUME_STATUS; `server` is NONE for one that is not attached."""
