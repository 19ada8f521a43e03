"""Access lists of containers, with other ids."""

from __future__ import annotations

import pytest

from hansa.model.errors import BadRequest
from hansa.rules import acl


def test_who_is_named_is_mapped_and_the_rest_stays() -> None:
    value = ' .r:*, .rlistings,p1:*,*:u1, p1:u2,*:*,.r:-example.org'
    assert acl.named(value) == (['p1'], ['u1', 'u2'])
    assert acl.mapped(value, {'p1': 'q'}, {'u1': 'v', 'p1': 'x'}) == '.r:*,.rlistings,q:*,*:v,q:u2,*:*,.r:-example.org'
    assert acl.named('') == ([], [])
    assert acl.mapped('', {}, {}) == ''


@pytest.mark.parametrize('wrong', ['member', 'p:', ':u', ':'])
def test_an_entry_that_is_no_pair_is_refused(wrong: str) -> None:
    with pytest.raises(BadRequest, match='is not PROJECT:USER'):
        acl.named(f'.r:*,{wrong}')
