"""What a view needs to know beside the document: where the service stands, and the league's flavor ids."""

from __future__ import annotations

import msgspec


class Context(msgspec.Struct, frozen=True):
    """Where links lead.

    `base` is the public URL of the service without version ('http://host/compute'); `prefix` the project id
    that stood in the request's path (Cinder), '' where none did; `flavors` flavor name -> league flavor id,
    which servers below 2.47 show in place of the flavor's shape.
    """

    base: str
    prefix: str = ''
    flavors: dict[str, str] = {}

    def links(self, version: str, collection: str, id: str) -> list[dict[str, str]]:
        """The two links that Nova and Cinder give each object: with and without the API's version."""
        tail = '/'.join(word for word in (self.prefix, collection, id) if word)
        return [
            {'rel': 'self', 'href': f'{self.base}/{version}/{tail}'},
            {'rel': 'bookmark', 'href': f'{self.base}/{tail}'},
        ]

    def bookmark(self, collection: str, id: str) -> list[dict[str, str]]:
        """The one link that Nova gives to an object of another kind."""
        return [{'rel': 'bookmark', 'href': f'{self.base}/{collection}/{id}'}]
