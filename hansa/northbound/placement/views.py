"""Placement's documents of several sites as those of one, with links that lead here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MOUNT = '/placement'

Document = dict[str, Any]


def linked(document: Any) -> Any:
    """The paths in its links, which count from the service's root, as they are below the league's."""
    if isinstance(document, list):
        return [linked(each) for each in document]
    if not isinstance(document, dict):
        return document
    shown = {key: linked(value) for key, value in document.items()}
    href = shown.get('href')
    return {**shown, 'href': MOUNT + href} if isinstance(href, str) and href.startswith('/') else shown


def joined(documents: Sequence[Document], key: str) -> Document:
    """The lists under a key as one; a word, or an object of a name and without a uuid, that several sites have is listed once."""
    whole: dict[object, Any] = {}
    for document in documents:
        for each in document[key]:
            whole.setdefault(each.get('uuid') or each['name'] if isinstance(each, dict) else each, each)
    return {key: list(whole.values())}


def candidates(documents: Sequence[Document], limit: int | None) -> Document:
    """Candidates of all sites, at most `limit`; of sites of which none is left the summaries are left out too."""
    requests: list[Any] = []
    summaries: Document = {}
    for document in documents:
        room = None if limit is None else limit - len(requests)
        taken = document['allocation_requests'][:room]
        requests += taken
        summaries |= document['provider_summaries'] if taken else {}
    return {'allocation_requests': requests, 'provider_summaries': summaries}
