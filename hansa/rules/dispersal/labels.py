"""What a site knows a share by: a content type, which its listings carry, and metadata; what clients are to see is sealed in them.

`application/x-hansa-share; g=GENERATION; r=REVISION; a=0; s=SEALED`, where g is in hexadecimal, r in microseconds since the epoch and s in
base64url. Sealed is with AES-256-GCM under a key of the container, a nonce of 12 bytes in front, bound to the object's name, g, r and a.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hansa.model.errors import BadRequest
from hansa.rules.dispersal import keys
from hansa.rules.dispersal.layout import Corrupt

NONCE = 12
KIND = 'application/x-hansa-share'
HIDDEN = 'x-object-meta-hansa-'
_PIECE = 240
_PIECES = 15
_LABEL = re.compile(rf'{KIND}\s*;\s*g=([0-9a-f]{{32}})\s*;\s*r=([0-9]{{1,17}})\s*;\s*a=([01])\s*;\s*s=([A-Za-z0-9_-]+)')


class Mark(msgspec.Struct, frozen=True):
    """Which version a share is of, in clear: the object's `generation`, and the `revision` of its metadata, which is when it was changed, in
    microseconds since the epoch. The blocks of what lies `apart` are in another object.
    """

    generation: str
    revision: int
    apart: bool = False

    def bound(self, name: str) -> bytes:
        """What a sealed word is bound to."""
        return f'{self.generation} {self.revision} {int(self.apart)} {name}'.encode()


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What a listing tells of an object besides its name and time."""

    length: int
    etag: str
    media: str


class Label(msgspec.Struct, frozen=True):
    """A mark, and the sealed row."""

    mark: Mark
    sealed: bytes


class Box:
    """Seals what lies beside the shares of a container, with the container's key."""

    def __init__(self, key: bytes) -> None:
        self._rows = AESGCM(keys.derived(key, 'rows'))
        self._metadata = AESGCM(keys.derived(key, 'metadata'))

    def row(self, name: str, mark: Mark, row: Row, nonce: bytes) -> Label:
        """The label of an object."""
        return Label(mark, nonce + self._rows.encrypt(nonce, msgspec.msgpack.encode(row), mark.bound(name)))

    def told(self, name: str, label: Label) -> Row:
        """What a label says. Raises Corrupt where it is of another object, version or container."""
        return msgspec.msgpack.decode(_opened(self._rows, name, label.mark, label.sealed), type=Row)

    def metadata(self, name: str, mark: Mark, kept: Mapping[str, str], nonce: bytes) -> list[tuple[str, str]]:
        """An object's headers as metadata for sites. Raises BadRequest for more than fits."""
        text = _text(nonce + self._metadata.encrypt(nonce, msgspec.msgpack.encode(kept), mark.bound(name)))
        pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
        if len(pieces) > _PIECES:
            raise BadRequest(f'Metadata of a dispersed object are sealed, and at most {_PIECE * _PIECES * 3 // 4 - 60} bytes of them fit; these are too many.')
        return [(f'{HIDDEN}{at:02}', piece) for at, piece in enumerate(pieces)]

    def kept(self, name: str, mark: Mark, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of an object out of a site's answer (names in lower case). Raises Corrupt."""
        text = ''.join(headers[name] for name in sorted(headers) if name.startswith(HIDDEN))
        if not text:
            raise Corrupt('a share without metadata')
        return msgspec.msgpack.decode(_opened(self._metadata, name, mark, _bytes(text)), type=dict[str, str])


def media(label: Label) -> str:
    """The content type that a share has at a site."""
    mark = label.mark
    return f'{KIND}; g={mark.generation}; r={mark.revision}; a={int(mark.apart)}; s={_text(label.sealed)}'


def read(media: str) -> Label | None:
    """The label in a content type; None where there is none."""
    found = _LABEL.fullmatch(media.strip())
    if found is None:
        return None
    try:
        return Label(Mark(found[1], int(found[2]), found[3] == '1'), _bytes(found[4]))
    except Corrupt:
        return None


def modified(mark: Mark) -> str:
    """When an object was changed, as listings have it."""
    return datetime.datetime.fromtimestamp(mark.revision / 1e6, datetime.UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')


def _opened(cipher: AESGCM, name: str, mark: Mark, sealed: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], mark.bound(name))
    except (InvalidTag, ValueError):
        raise Corrupt('sealed words that do not open') from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise Corrupt('sealed words that are none') from None
