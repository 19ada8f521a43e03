"""What an agent tells of its site: changes, the batches that carry them up, and what the intake answers."""

from __future__ import annotations

import zlib
from typing import Any, Literal

import msgspec

from hansa.model.errors import BadRequest, TooLarge

MOST = 500
"""Changes in a batch."""
MOST_BYTES = 64 << 20
"""Bytes of a batch before it is compressed."""
MOST_PACKED = 16 << 20
"""And after it."""

Lane = Literal['command', 'hot', 'bulk']
LANES: tuple[Lane, ...] = ('command', 'hot', 'bulk')
"""In the order in which they are served: what a command of a user left behind, what sites say that has changed, whole lists."""


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object of a site as it was told last.

    `doc` is the site's own document, None where the object is gone. `asked` numbers the question that this answers, in the order in
    which questions were asked, in microseconds of the league's time or above; `revision` is the document's own stamp of its last change ('' for none).
    """

    kind: str
    id: str
    asked: int
    revision: str = ''
    doc: dict[str, Any] | None = None


class Batch(msgspec.Struct, frozen=True):
    """Up to MOST changes of one site, each object once. `run` is the agent's life as the intake named it; in it the batches of a lane
    are numbered from 1, and are taken in that order, each once.
    """

    site: str
    run: str
    lane: Lane
    number: int
    changes: tuple[Change, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """One life of an agent: its name; the highest number of a question to the site that the intake knows; the life of the intake, which remembers
    no number of an earlier one; and by how many seconds the league's clock is ahead of the agent's.
    """

    name: str
    asked: int
    life: str = ''
    ahead: float = 0.0


class Receipt(msgspec.Struct, frozen=True):
    """What the intake says to a batch: all of its lane up to the number `upto` is stored for good. `credit` is how many batches of the
    site may be on their way; with `retry_after` (seconds) the batch was not taken, and may come again after that.
    """

    upto: int
    credit: int
    retry_after: float = 0.0


def encode(batch: Batch) -> bytes:
    """As it travels: MessagePack, compressed; JSON where a site told a number that MessagePack does not know. Raises TooLarge."""
    try:
        plain = msgspec.msgpack.encode(batch)
    except OverflowError:
        plain = msgspec.json.encode(batch)
    packed = zlib.compress(plain) if len(plain) <= MOST_BYTES else b''
    if not 0 < len(packed) <= MOST_PACKED:
        raise TooLarge(f'A batch has up to {MOST_BYTES} bytes, and {MOST_PACKED} when it is packed; this one has {len(plain)}.')
    return packed


def decode(body: bytes) -> Batch:
    """A batch as it came: what `encode` makes, or JSON, packed or not. Raises BadRequest for what is none, TooLarge for what is too much."""
    plain = body if body[:1] == b'{' else _inflated(body)
    try:
        made = msgspec.json.decode(plain, type=Batch) if plain[:1] == b'{' else msgspec.msgpack.decode(plain, type=Batch)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f'The batch cannot be read: {error}.') from error
    if len(made.changes) > MOST:
        raise TooLarge(f'A batch has up to {MOST} changes, this one has {len(made.changes)}.')
    return made


def _inflated(body: bytes) -> bytes:
    machine = zlib.decompressobj()
    try:
        plain = machine.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise BadRequest(f'The batch cannot be unpacked: {error}.') from error
    if machine.unconsumed_tail:
        raise TooLarge(f'A batch has up to {MOST_BYTES} bytes.')
    if not machine.eof:
        raise BadRequest('The batch is not whole.')
    return plain
