"""Dispersal: any k of n shares give back what was sealed, fewer tell nothing, and what was changed is known."""

from __future__ import annotations

import hashlib
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.model.errors import BadRequest
from hansa.rules.dispersal import keys, labels, layout, scheme
from hansa.rules.dispersal.labels import Box, Mark, Row
from hansa.rules.dispersal.layout import Corrupt, Head
from hansa.rules.dispersal.scheme import Scheme
from hansa.rules.dispersal.sealing import Sealer

SCHEMES = [Scheme(2, 3), Scheme(3, 5), Scheme(4, 7)]
BLOCK = 64
KEY = bytes(range(32))
SECRETS = st.binary(min_size=32, max_size=32)


def shares(chosen: Scheme, key: bytes, plain: bytes, block: int = BLOCK) -> list[bytes]:
    """All shares of an object, whole."""
    sealer = Sealer(chosen, keys.keys(key))
    count = layout.blocks(len(plain), block)
    made = [
        bytearray(keys.sealed(Head(chosen, index, bytes(16), len(plain), part, inline=True, block=block), keys.keys(key)))
        for index, part in enumerate(keys.split(chosen, key), 1)
    ]
    for number in range(count):
        frames = sealer.split(number, plain[number * block : (number + 1) * block], last=number == count - 1)
        for at, frame in enumerate(frames):
            made[at] += frame
    return [bytes(share) for share in made]


def rebuilt(parts: dict[int, bytes], first: int = 0, end: int | None = None) -> bytes:
    """What bytes `first` to before `end` were, out of whole shares by index."""
    heads = {index: layout.unpacked(share) for index, share in parts.items()}
    opened = keys.opened(heads)
    head = next(iter(heads.values()))[0]
    sealer = Sealer(head.scheme, opened)
    end = head.length if end is None else end
    found = b''
    wanted = layout.covering(first, end, head.length, head.block)
    for number in wanted:
        low = layout.offset(head.scheme, number, head.block)
        size = layout.frame(head.scheme, layout.plain(number, head.length, head.block))
        fragments = {index: sealer.checked(index, number, share[low : low + size]) for index, share in parts.items()}
        found += sealer.joined(number, fragments, last=number == layout.blocks(head.length, head.block) - 1)
    return found[first - wanted.start * head.block : end - wanted.start * head.block]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SCHEMES), SECRETS, st.binary(max_size=5 * BLOCK))
def test_any_k_shares_give_it_back(chosen: Scheme, key: bytes, plain: bytes) -> None:
    made = shares(chosen, key, plain)
    assert {len(share) for share in made} == {layout.total(chosen, len(plain), BLOCK)}
    for some in itertools.combinations(range(1, chosen.n + 1), chosen.k):
        assert rebuilt({index: made[index - 1] for index in some}) == plain


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=5 * BLOCK), st.data())
def test_ranges_are_slices(plain: bytes, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(plain) - 1))
    end = data.draw(st.integers(first + 1, len(plain)))
    made = shares(SCHEMES[0], KEY, plain)
    assert rebuilt({1: made[0], 3: made[2]}, first, end) == plain[first:end]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(SCHEMES), SECRETS, st.binary(max_size=3 * BLOCK), st.data())
def test_any_share_is_made_again_out_of_k_others(chosen: Scheme, key: bytes, plain: bytes, data: st.DataObject) -> None:
    made = shares(chosen, key, plain)
    lost = data.draw(st.integers(1, chosen.n))
    left = [index for index in range(1, chosen.n + 1) if index != lost][: chosen.k]
    heads = {index: layout.unpacked(made[index - 1]) for index in left}
    opened = keys.opened(heads)
    sealer = Sealer(chosen, opened)
    part = keys.restored(lost, {index: head.share for index, (head, _) in heads.items()})
    again = keys.sealed(Head(chosen, lost, bytes(16), len(plain), part, inline=True, block=BLOCK), opened)
    for number in range(layout.blocks(len(plain), BLOCK)):
        low = layout.offset(chosen, number, BLOCK)
        size = layout.frame(chosen, layout.plain(number, len(plain), BLOCK))
        again += sealer.restored(lost, number, {index: sealer.checked(index, number, made[index - 1][low : low + size]) for index in left})
    assert again == made[lost - 1]


def test_fewer_than_k_key_shares_go_with_every_key() -> None:
    """What k - 1 sites hold of a key could be of any other: there is a share that, put to theirs, makes it."""
    for chosen in SCHEMES:
        parts = dict(enumerate(keys.split(chosen, KEY), 1))
        mine = {index: parts[index] for index in range(1, chosen.k)}
        for other in (bytes(32), bytes(range(1, 33)), hashlib.sha256(b'any').digest()):
            missing = keys.restored(chosen.k, {0: other, **mine})
            assert keys.combined({**mine, chosen.k: missing}) == other


def test_no_share_shows_what_it_is_of() -> None:
    text = b'the patient of bed seven ' * 400
    for share in shares(SCHEMES[0], KEY, text, 1024):
        assert not any(text[at : at + 8] in share for at in range(25))
        body = share[layout.SIZE :]
        # Equal blocks leave no equal traces, and bytes lie as if drawn by lot.
        assert len({body[at : at + 16] for at in range(0, len(body), 16)}) > len(body) // 16 * 0.8
    one, other = shares(SCHEMES[0], KEY, text), shares(SCHEMES[0], bytes(32), text)
    assert one[0][layout.SIZE + 80 : layout.SIZE + 112] != other[0][layout.SIZE + 80 : layout.SIZE + 112]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_changed_byte_is_known_and_whose_it_is(data: st.DataObject) -> None:
    plain = bytes(range(200))
    made = shares(SCHEMES[0], KEY, plain)
    at = data.draw(st.integers(0, len(made[0]) - 1))
    wrong = bytearray(made[0])
    wrong[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Corrupt):
        rebuilt({1: bytes(wrong), 2: made[1]})
    assert rebuilt({2: made[1], 3: made[2]}) == plain


def test_blocks_cannot_be_swapped_dropped_or_cut() -> None:
    chosen = SCHEMES[0]
    sealer = Sealer(chosen, keys.keys(KEY))
    frames = [sealer.split(number, bytes([number]) * BLOCK, last=number == 2) for number in range(3)]
    for number, place in ((0, 1), (1, 0), (2, 1)):
        with pytest.raises(Corrupt):
            sealer.checked(1, place, frames[number][0])
    with pytest.raises(Corrupt):
        sealer.checked(2, 0, frames[0][0])
    for frame in (b'', frames[0][0][:-1], frames[0][0][:20]):
        with pytest.raises(Corrupt):
            sealer.checked(1, 0, frame)
    fragments = [{index: sealer.checked(index, number, frames[number][index - 1]) for index in (1, 3)} for number in range(3)]
    for number, last in ((1, True), (2, False)):
        with pytest.raises(Corrupt):
            sealer.joined(number, fragments[number], last=last)
    with pytest.raises(Corrupt):
        sealer.joined(0, {1: fragments[0][1]}, last=False)


def test_heads_of_different_objects_do_not_go_together() -> None:
    one, other = shares(SCHEMES[0], KEY, b'one'), shares(SCHEMES[0], bytes(32), b'two')
    with pytest.raises(Corrupt):
        rebuilt({1: one[0], 2: other[1]})
    for raw in (b'', one[0][: layout.SIZE - 1], b'x' + one[0][1:]):
        with pytest.raises(Corrupt):
            layout.unpacked(raw)


def test_sizes_are_those_of_the_code() -> None:
    lot = random.Random(1)
    for chosen in SCHEMES:
        sealer = Sealer(chosen, keys.keys(KEY))
        for size in (0, 1, 2, 15, 16, 17, 1000, *(lot.randrange(1 << 16) for _ in range(20))):
            assert {len(frame) for frame in sealer.split(0, bytes(size), last=True)} == {layout.frame(chosen, size)}


def test_the_format_is_what_it_was() -> None:
    """Shares that were written once must be read for ever: this is how version 1 looked when it was made."""
    head = Head(SCHEMES[0], 2, bytes(range(16)), 5, bytes(32), inline=True)
    raw = keys.sealed(head, keys.keys(KEY))
    assert raw.hex() == FORMAT_HEAD
    assert layout.unpacked(raw)[0] == head
    assert hashlib.sha256(b''.join(Sealer(SCHEMES[0], keys.keys(KEY)).split(0, b'hello', last=True))).hexdigest() == FORMAT_FRAMES


FORMAT_HEAD = (
    '68616e73612d64310203020100040000000102030405060708090a0b0c0d0e0f0000000000000005000000000000000000000000'
    '000000000000000000000000000000000000000044fbb533ec0b6d2ef8b229a8441d48d5d5052bed58df7745ec496deef4682377'
)
FORMAT_FRAMES = '48756a6fe959be5e435039d691fd0ef129f2f4f84d474b1944b1d1d038d260f4'


def test_schemes() -> None:
    assert scheme.parsed('2-of-3') == (Scheme(2, 3), ())
    assert scheme.parsed(' 2-of-3:east, west,north ') == (Scheme(2, 3), ('east', 'west', 'north'))
    assert str(scheme.parsed('3-of-5')[0]) == '3-of-5'
    for wrong in ('', '2', '1-of-1', '2-of-2', '2-of-4', '3-of-4', '6-of-11', '2-of-3:', '2-of-3:a,b', '2-of-3:a,b,a', '2-of-3:a,b,c,d', '2-of-3:a,,c', 'yes'):
        with pytest.raises(BadRequest):
            scheme.parsed(wrong)


def test_labels_open_only_where_they_belong() -> None:
    box, mark, row = Box(KEY), Mark('ab' * 16, 1_780_000_000_123_456, True), Row(5, 'd' * 32, 'text/plain; charset=utf-8')
    label = box.row('a/ü', mark, row, bytes(12))
    assert labels.read(labels.media(label)) == label
    assert box.told('a/ü', label) == row
    assert labels.modified(mark) == '2026-05-28T20:26:40.123456'
    kept = {'x-object-meta-colour': 'red', 'content-encoding': 'gzip'}
    told = dict(box.metadata('a/ü', mark, kept, bytes(12)))
    assert box.kept('a/ü', mark, {**told, 'etag': 'x'}) == kept
    assert 'red' not in str(told)
    assert 'text' not in labels.media(label)
    later = Mark(mark.generation, mark.revision + 1, True)
    for name, wrong in (('b', label), ('a/ü', labels.Label(later, label.sealed))):
        with pytest.raises(Corrupt):
            box.told(name, wrong)
    with pytest.raises(Corrupt):
        Box(bytes(32)).told('a/ü', label)
    with pytest.raises(Corrupt):
        box.kept('a/ü', later, told)
    with pytest.raises(BadRequest):
        box.metadata('a', mark, {'x-object-meta-a': 'x' * 3000}, bytes(12))
    assert labels.read('text/plain') is None
