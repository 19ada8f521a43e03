"""Glance's documents: the same for all, with the paths that Glance puts into each."""

from __future__ import annotations

from typing import Any


def image(doc: dict[str, Any]) -> dict[str, Any]:
    """An image as listed and as shown; Glance's links are paths without a host."""
    path = f'/v2/images/{doc["id"]}'
    return doc | {'self': path, 'file': path + '/file', 'schema': '/v2/schemas/image'}
