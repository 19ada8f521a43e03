"""What is about to be done, written down before it is done."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal['planned', 'sent', 'revoked', 'made', 'done', 'undone']


OPENER = 12
"""Hex digits at the beginning of an intent's id that name the process that opened it."""


class Aim(msgspec.Struct, frozen=True):
    """The `detail` of a create: what decided its site, how many objects come of it at most, and the server group over sites that
    they join ('': none).
    """

    by: str = ''
    most: int = 1
    company: str = ''


class Intent(msgspec.Struct, frozen=True):
    """One act at one site that must not get lost half way.

    `marker` is the word by which the object can be found at the site again; `found` the ids of what came of it, or what it
    is done to, with commas between. `revoked` means that the caller was told it failed: what turns up is deleted; `made` that
    the site has done it, but the inventory does not show all of it yet. `detail` is JSON that the workflow of this `kind`
    understands. `charge` is what the objects of the intent take of the project's quota when it is done; until the intent is
    closed, what of that the inventory does not show is reserved. `generation` grows by one with every write; a writer that holds an
    old one gets Conflict.
    """

    id: str
    kind: str
    project: str
    user: str
    site: str
    marker: str
    detail: bytes
    state: State = 'planned'
    found: str = ''
    created: float = 0.0
    generation: int = 0
    charge: dict[str, int] = {}

    @property
    def opener(self) -> str:
        """The process that opened it."""
        return self.id[:OPENER]

    @property
    def ids(self) -> list[str]:
        """The ids in `found`."""
        return [id for id in self.found.split(',') if id]

    @property
    def aim(self) -> Aim:
        """What a create set out to do; of any other kind of intent nothing in particular."""
        return msgspec.json.decode(self.detail, type=Aim)
