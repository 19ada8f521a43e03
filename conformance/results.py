"""What became of each test on one side, kept in a file so that partial runs add up to a whole one."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

SERVICES = ('identity', 'compute', 'image', 'network', 'volume')
_SET_UP = re.compile(r'setUpClass \((.+)\)')
_TEAR_DOWN = re.compile(r'tearDownClass \((.+)\)')


class Outcome(msgspec.Struct, frozen=True):
    """How one test ended; `why` is its last word, `log` all that it said, where it failed."""

    id: str
    state: Literal['pass', 'fail', 'skip']
    seconds: float = 0.0
    why: str = ''
    log: str = ''


Outcomes = dict[str, Outcome]


def loaded(file: pathlib.Path) -> Outcomes:
    """The outcomes that a file holds by test id; none where it does not exist."""
    return msgspec.json.decode(file.read_bytes(), type=Outcomes) if file.exists() else {}


def saved(file: pathlib.Path, outcomes: Outcomes) -> None:
    """Write them, whole or not at all."""
    part = file.with_suffix('.part')
    part.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(outcomes.items())))))
    part.replace(file)


def told(lines: Iterable[bytes]) -> list[Outcome]:
    """What `conformance.stream` wrote; a last line that was cut off is passed over."""
    found = []
    for line in lines:
        if line.endswith(b'\n'):
            found.append(msgspec.json.decode(line, type=Outcome))
    return found


def added(known: Mapping[str, Outcome], selected: Sequence[str], said: Iterable[Outcome]) -> Outcomes:
    """`known` with what a run of `selected` said.

    Where a class could not be set up, each of its tests ended as its setting up did. A class that could not be cleared away
    counts as one failed test more.
    """
    classes = {parent(id) for id in selected}
    gone = set(selected) | {_torn(each) for each in classes}
    whole = {id: outcome for id, outcome in known.items() if id not in gone}
    ended: dict[str, Outcome] = {}
    stood: dict[str, Outcome] = {}
    for one in said:
        if match := _SET_UP.fullmatch(one.id):
            stood[match[1]] = one
        elif match := _TEAR_DOWN.fullmatch(one.id):
            if one.state == 'fail':
                id = _torn(match[1])
                whole[id] = msgspec.structs.replace(one, id=id)
        else:
            ended[one.id] = one
    for id in selected:
        if id in ended:
            whole[id] = ended[id]
        elif parent(id) in stood:
            whole[id] = msgspec.structs.replace(stood[parent(id)], id=id)
    return whole


def parent(id: str) -> str:
    """The class of a test."""
    return shown(id).rpartition('.')[0]


def shown(id: str) -> str:
    """A test's id without its attributes in brackets."""
    return id.partition('[')[0]


def service(id: str) -> str:
    """Whose API a test is of."""
    return id.split('.')[2]


def _torn(name: str) -> str:
    return f'{name}.tearDownClass'
