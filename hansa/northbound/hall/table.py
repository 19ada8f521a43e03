"""The route table's machinery: every endpoint of an API in one literal, by kind."""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec

from hansa.model.call import Call
from hansa.model.errors import Forbidden, NotFound
from hansa.northbound.hall import wire

METHODS = frozenset(('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'))
_PLAIN = "/!$&'()*+,;=:@~"

Kind = Literal['routed', 'listed', 'placed', 'shared', 'own']


class Ask(msgspec.Struct):
    """One request of a known caller: `names` holds the words of the path that the route's pattern names."""

    call: Call
    request: wire.Request
    names: dict[str, str]

    def writes(self) -> None:
        """Raises Forbidden where the caller's token may only read."""
        if not self.call.token.writer:
            raise Forbidden('This token may only read: none of its roles is member, manager or admin.')

    def path(self, pattern: str) -> str:
        """A site's path out of a pattern and the names, which were decoded to be understood and are encoded again."""
        return pattern.format(**{name: urllib.parse.quote(word, safe=_PLAIN) for name, word in self.names.items()})


Handler = Callable[[Ask], Awaitable[wire.Answer]]


class Route(msgspec.Struct, frozen=True):
    """`methods` separated by blanks, '*' for all in METHODS; HEAD goes with GET. In `pattern` '{name}' takes one word and a last '**' takes the rest.

    `open` routes need no token. Of one that `asks` the handler itself tells what only reads, whatever the method is.
    """

    kind: Kind
    methods: str
    pattern: str
    handler: Handler
    open: bool = False
    asks: bool = False


class MethodNotAllowed(NotFound):
    """The path exists, this method of it does not; `allowed` are those that do."""

    status = 405

    def __init__(self, method: str, allowed: frozenset[str]) -> None:
        self.allowed = ', '.join(sorted(allowed))
        super().__init__(f'The method {method} is not offered here; there are {self.allowed}.')


class Table:
    """Finds the route of a request: the first that fits, in the order of the literal."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._ready = [(route, _methods(route), tuple(route.pattern.strip('/').split('/'))) for route in routes]
        self._first: dict[str, list[tuple[Route, frozenset[str], tuple[str, ...]]]] = {}
        for entry in self._ready:
            self._first.setdefault(entry[2][0], []).append(entry)

    def match(self, method: str, words: tuple[str, ...]) -> tuple[Route, dict[str, str]]:
        """Raises NotFound, MethodNotAllowed."""
        head = words[0] if words else ''
        allowed: set[str] = set()
        for entry in (*self._first.get(head, ()), *self._first.get('{any}', ())):
            route, methods, pattern = entry
            names = _names(pattern, words or ('',))
            if names is not None:
                if method in methods:
                    return route, names
                allowed |= methods
        if allowed:
            raise MethodNotAllowed(method, frozenset(allowed))
        raise NotFound('The resource could not be found.')


def _methods(route: Route) -> frozenset[str]:
    methods = METHODS if route.methods == '*' else frozenset(route.methods.split())
    return methods | {'HEAD'} if 'GET' in methods else methods


def _names(pattern: tuple[str, ...], words: tuple[str, ...]) -> dict[str, str] | None:
    names: dict[str, str] = {}
    for at, part in enumerate(pattern):
        if at >= len(words):
            return None
        if part == '**':
            names['rest'] = '/'.join(words[at:])
            return names
        if part[:1] == '{':
            names[part[1:-1]] = words[at]
        elif part != words[at]:
            return None
    return names if len(pattern) == len(words) else None
