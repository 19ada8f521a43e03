"""A use of an API written as data: requests in order, the status each must have, and what its body must hold."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from hansa.northbound.hall import table, wire
from tests import house
from tests.northbound import forms


class Step(msgspec.Struct, frozen=True):
    """One request. '$word' in path and body stands for what an earlier step kept.

    `has` is a part of the answer; `keep` is 'word=path.into.the.answer' ('0' for a first element); `then` are seconds that pass after it.
    """

    line: str
    status: int
    body: Any = None
    has: Any = None
    keep: str = ''
    who: str = 'demo'
    version: str = ''
    then: float = 0.0
    headers: dict[str, str] = {}


async def tell(league: house.League, service: str, steps: Sequence[Step], **kept: str) -> list[str]:
    """Do all steps; the patterns of the service's routes that none of them came by."""
    routes = forms.opened(league, service).table
    asked = set()
    for step in steps:
        method, _, path = _filled(step.line, kept).partition(' ')
        mount, _, below = path.lstrip('/').partition('/')
        body = step.body if isinstance(step.body, bytes) else json.loads(_filled(json.dumps(step.body), kept))
        status, _, told = await league.ask(
            method, path, body, token=step.who, version=step.version, headers=step.headers
        )
        assert status == step.status, (step.line, path, status, told)
        assert step.has is None or holds(told, json.loads(_filled(json.dumps(step.has), kept))), (step.line, told)
        if step.keep:
            word, _, where = step.keep.partition('=')
            kept[word] = str(_at(told, where))
        if mount == service:
            with contextlib.suppress(table.MethodNotAllowed):
                asked.add(routes.match(method, _words(service, below.partition('?')[0]))[0])
        if step.then:
            await league.clock.sleep(step.then)
    return [f'{route.methods} {route.pattern}' for route in routes.routes if route not in asked]


def holds(whole: Any, part: Any) -> bool:
    """Whether a part of a document is in it: keys of objects may lack, elements of lists may lack."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(holds(one, each) for one in whole) for each in part)
    return bool(whole == part)


def _words(service: str, path: str) -> tuple[str, ...]:
    words = wire.segments(path)
    return (words[0], *words[2:]) if service == 'volume' and len(words) > 2 and re.fullmatch('[0-9a-f]{32}', words[1]) else words


def _filled(text: str, kept: dict[str, str]) -> str:
    return re.sub(r'\$(\w+)', lambda match: kept[match.group(1)], text)


def _at(document: Any, where: str) -> Any:
    for word in where.split('.'):
        document = document[int(word)] if isinstance(document, list) else document[word]
    return document
