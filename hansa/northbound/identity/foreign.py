"""What is changed in the answers of a Keystone that is the operator's own: its links and its catalogue are the league's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from hansa.ports.site import Headers


class Foreign:
    """`roots` are the URLs by which that Keystone calls itself, without version; `base` is this door's
    public URL ('http://host/identity'); `catalog` makes the league's catalogue of a project's id and that Keystone's catalogue.
    """

    def __init__(self, roots: Sequence[str], base: str, catalog: Callable[[str, list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        self._base = base
        self._catalog = catalog
        either = '|'.join(re.escape(root.rstrip('/')) for root in sorted(roots, key=len, reverse=True))
        self._link = re.compile(rf'(?:{either})(?=[/"\'?#]|$)')

    def headers(self, headers: Headers) -> Headers:
        """Headers with the league's links, and without the length that the body had."""
        return [(name, self._link.sub(self._base, value)) for name, value in headers if name.lower() != 'content-length']

    def body(self, body: bytes, project: str) -> bytes:
        """A JSON document with the league's links and, where it has a catalogue, the league's.

        `project` is of the asking token, for a catalogue that stands without a token around it.
        """
        text = self._link.sub(self._base, body.decode('utf-8', 'surrogateescape'))
        changed = text.encode('utf-8', 'surrogateescape')
        if not text.startswith(('{"token"', '{"catalog"', '{"links"')):
            return changed
        try:
            document = msgspec.json.decode(changed, type=dict[str, Any])
        except msgspec.DecodeError:
            return changed
        token = document.get('token')
        if isinstance(token, dict) and 'catalog' in token:
            token['catalog'] = self._catalog((token.get('project') or {}).get('id', ''), token['catalog'])
        elif 'catalog' in document:
            document['catalog'] = self._catalog(project, document['catalog'])
        return msgspec.json.encode(document)
