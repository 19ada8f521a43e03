"""Requests out of which one request is made: each goes through the handler that it would have gone to by itself."""

from __future__ import annotations

import http
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from xml.sax import saxutils

from hansa.model.errors import HansaError
from hansa.northbound.hall import table, wire
from hansa.rules.containers import forms

_PLAIN = 'text/plain'


def part(
    ask: table.Ask, method: str, names: dict[str, str], headers: Mapping[str, str], body: AsyncIterator[bytes] | None = None
) -> table.Ask:
    """One of them, of the same caller; `names` as they stand in a path."""
    scope = {'method': method, 'query_string': b'', 'headers': [(key.encode(), value.encode('latin-1')) for key, value in headers.items()]}

    async def receive() -> dict[str, Any]:
        chunk = await anext(body, b'') if body is not None else b''
        return {'type': 'http.request', 'body': chunk, 'more_body': bool(chunk)}

    path = '/'.join(['/v1', *names.values()])
    return table.Ask(ask.call, wire.Request(scope, receive, path, ask.request.id, free=True), {'account': ask.names['account'], **names})


async def status(handler: table.Handler, ask: table.Ask) -> int:
    """What came of it."""
    try:
        return (await handler(ask)).status
    except HansaError as error:
        return error.status


def said(status: int) -> str:
    """A status as it stands in an answer: `404 Not Found`."""
    return f'{status} {http.HTTPStatus(status).phrase}'


def told(media: str, root: str, counts: Mapping[str, Any], errors: Sequence[tuple[str, str]]) -> bytes:
    """The answer in its form: how many, the status of the whole, and what failed (quoted name and status).

    Source: Swift's bulk middleware.
    """
    if media == 'application/json':
        return json.dumps({**counts, 'Errors': [list(one) for one in errors]}).encode()
    if media.endswith('/xml'):
        rows = [f'<{key.replace(" ", "_").lower()}>{saxutils.escape(str(counts[key]))}</{key.replace(" ", "_").lower()}>\n' for key in sorted(counts)]
        rows += ['<errors>\n']
        rows += [f'<object><name>{saxutils.escape(name)}</name><status>{saxutils.escape(why)}</status></object>\n' for name, why in errors]
        return ''.join(['<?xml version="1.0" encoding="UTF-8"?>\n', f'<{root}>\n', *rows, f'</errors>\n</{root}>\n']).encode()
    lines = [f'{key}: {counts[key]}\n' for key in sorted(counts)] + ['Errors:\n'] + [f'{name}, {why}\n' for name, why in errors]
    return ''.join(lines).encode()


def media(ask: table.Ask) -> str:
    """The form that was asked for. Raises NotAcceptable."""
    accept = ask.request.header('accept')
    return forms.media('', accept) if accept and accept != '*/*' else _PLAIN
