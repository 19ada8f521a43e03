"""The form in which batches travel."""

from __future__ import annotations

import zlib

import msgspec
import pytest

from hansa.model import batch
from hansa.model.batch import Batch, Change
from hansa.model.errors import BadRequest, TooLarge

WHOLE = Batch('east', 'r', 'hot', 3, (Change('server', 'a', 7, '2026', {'id': 'a', 'name': 'ü'}), Change('volume', 'b', 8)))


def test_what_was_packed_is_unpacked_and_json_will_do() -> None:
    assert batch.decode(batch.encode(WHOLE)) == WHOLE
    assert batch.decode(msgspec.json.encode(WHOLE)) == WHOLE
    large = Batch('east', 'r', 'hot', 1, (Change('server', 'a', 1, doc={'large': 1 << 70}),))
    assert batch.decode(batch.encode(large)) == large


def test_five_hundred_servers_travel_in_an_eighth() -> None:
    doc = {f'field {number}': 'some value of it' for number in range(60)}
    many = Batch('east', 'r', 'bulk', 1, tuple(Change('server', f'id-{number}', 1, doc=doc) for number in range(500)))
    assert len(batch.encode(many)) * 8 < len(msgspec.json.encode(many))


@pytest.mark.parametrize('body', [b'', b'{', b'{}', b'\xff', zlib.compress(b'\xc1'), zlib.compress(b'x' * 999)[:-9], b'{"site": 1}'])
def test_what_is_no_batch_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        batch.decode(body)


def test_what_is_too_much_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(TooLarge):
        batch.decode(zlib.compress(b'\0' * (batch.MOST_BYTES + 1)))
    with pytest.raises(TooLarge):
        batch.decode(batch.encode(Batch('east', 'r', 'bulk', 1, tuple(Change('port', str(n), 1) for n in range(501)))))
