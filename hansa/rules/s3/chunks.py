"""Bodies that come in chunks of S3's own form, each with a signature or without, and with trailers behind the last one.

Source: Amazon S3 API Reference, 'Transferring Payload in Multiple Chunks', 'Including Trailing Headers'.
"""

from __future__ import annotations

import hashlib
import re

from hansa.rules.s3.refusal import Refused
from hansa.rules.s3.signing import Chain, same

_LINE = 1024
_TRAILERS = 20
_HEAD = re.compile(rb'([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?')
_SIGNED = b'x-amz-trailer-signature'


class Chunks:
    """Takes the body apart as it comes, in pieces of any length. `chain` is None where chunks are not signed."""

    def __init__(self, chain: Chain | None) -> None:
        self._chain = chain
        self._rest = b''
        self._left = 0
        self._state = 'head'
        self._given = ''
        self._hash = hashlib.sha256()
        self._lines: list[bytes] = []
        self.trailers: dict[str, str] = {}

    @property
    def whole(self) -> bool:
        """Whether the last chunk and its trailers were there, and right."""
        return self._state == 'end'

    def feed(self, data: bytes) -> list[bytes]:
        """What is in a piece of the body. Raises Refused."""
        found: list[bytes] = []
        view = self._rest + data if self._rest else data
        at = 0
        while at < len(view) and self._state != 'end':
            if self._state == 'data':
                piece = view[at : at + self._left]
                at += len(piece)
                self._data(piece)
                found.append(piece)
                continue
            end = view.find(b'\r\n', at, at + _LINE)
            if end < 0:
                break
            self._line(view[at:end])
            at = end + 2
        self._rest = view[at:]
        if self._state != 'data' and len(self._rest) >= _LINE:
            raise Refused('InvalidRequest', 'A line of the chunked body is too long.')
        if self._state == 'end' and self._rest:
            raise Refused('IncompleteBody', 'There is more of the body than its last chunk.')
        return found

    def _data(self, piece: bytes) -> None:
        if self._chain is not None:
            self._hash.update(piece)
        self._left -= len(piece)
        if not self._left:
            self._judge()
            self._state = 'gap'

    def _line(self, line: bytes) -> None:
        if self._state == 'gap':
            if line:
                raise Refused('InvalidRequest', 'A chunk is longer than it says.')
            self._state = 'head'
        elif self._state == 'head':
            self._head(line)
        elif line:
            if len(self._lines) >= _TRAILERS:
                raise Refused('InvalidRequest', 'There are too many trailers.')
            self._lines.append(line)
        else:
            self._end()

    def _head(self, line: bytes) -> None:
        found = _HEAD.fullmatch(line)
        if found is None or (found[2] is None) != (self._chain is None):
            raise Refused('InvalidRequest', 'The head of a chunk cannot be read, or is not signed as the request says.')
        self._left = int(found[1], 16)
        self._given = (found[2] or b'').decode()
        self._hash = hashlib.sha256()
        self._state = 'data' if self._left else 'trailers'
        if not self._left:
            self._judge()

    def _judge(self) -> None:
        if self._chain is not None and not same(self._chain.chunk(self._hash.hexdigest()), self._given):
            raise _mismatch()

    def _end(self) -> None:
        split = [line.partition(b':')[::2] for line in self._lines]
        plain = [(name.strip().lower(), value.strip()) for name, value in split if name.strip().lower() != _SIGNED]
        given = next((value.strip().decode('latin-1') for name, value in split if name.strip().lower() == _SIGNED), '')
        if self._chain is not None and (plain or given):
            lines = b''.join(b'%s:%s\n' % pair for pair in plain)
            if not same(self._chain.trailer(lines), given):
                raise _mismatch()
        self.trailers = {name.decode('latin-1'): value.decode('latin-1') for name, value in plain}
        self._state = 'end'


def _mismatch() -> Refused:
    return Refused('SignatureDoesNotMatch', 'The signature of a chunk of the body does not match.')
