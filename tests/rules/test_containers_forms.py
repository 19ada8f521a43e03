"""How listings are asked for and written, against what Swift sends."""

from __future__ import annotations

import pytest

from hansa.model.errors import BadRequest, NotAcceptable, PreconditionFailed
from hansa.rules.containers import forms
from hansa.rules.containers.merging import Query, Row

CONTAINER: Row = {'name': 'a&b <é>', 'count': 2, 'bytes': 7, 'last_modified': '2026-11-21T11:36:01.123450', 'storage_policy': 'east'}
OBJECT: Row = {'hash': 'd4', 'last_modified': '2026-11-21T11:36:01.123450', 'bytes': 3, 'name': 'o"', 'content_type': 'text/plain'}


def test_an_account_in_all_forms() -> None:
    rows: list[Row] = [CONTAINER, {'subdir': 'q"-'}]
    assert forms.render(rows, 'text/plain', 'account', 'AUTH_p') == (200, 'a&b <é>\nq"-\n'.encode())
    status, body = forms.render(rows, 'application/xml', 'account', 'AUTH_p')
    assert status == 200
    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<account name="AUTH_p">\n'
        '<container><name>a&amp;b &lt;é&gt;</name><count>2</count><bytes>7</bytes>'
        '<last_modified>2026-11-21T11:36:01.123450</last_modified><storage_policy>east</storage_policy></container>\n'
        '<subdir name="q&quot;-" />\n</account>'
    )
    assert forms.render([CONTAINER], 'application/json', 'account', 'AUTH_p')[1] == (
        '[{"name":"a&b <é>","count":2,"bytes":7,"last_modified":"2026-11-21T11:36:01.123450","storage_policy":"east"}]'.encode()
    )


def test_a_container_as_xml() -> None:
    body = forms.render([OBJECT, {'subdir': 'd/'}], 'text/xml', 'container', 'c')[1]
    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<container name="c">'
        '<object><name>o"</name><hash>d4</hash><bytes>3</bytes><content_type>text/plain</content_type>'
        '<last_modified>2026-11-21T11:36:01.123450</last_modified></object>'
        '<subdir name="d/"><name>d/</name></subdir></container>'
    )


def test_nothing_in_all_forms() -> None:
    assert forms.render([], 'text/plain', 'account', 'a') == (204, b'')
    assert forms.render([], 'application/json', 'account', 'a') == (200, b'[]')
    assert forms.render([], 'text/xml', 'container', 'c') == (200, b'<?xml version="1.0" encoding="UTF-8"?>\n<container name="c" />')


@pytest.mark.parametrize(
    ('format', 'accept', 'form'),
    [
        ('', '', 'text/plain'),
        ('json', 'text/xml', 'application/json'),
        ('XML', '', 'application/xml'),
        ('nonsense', 'application/json', 'text/plain'),
        ('', 'application/json', 'application/json'),
        ('', '*/*', 'text/plain'),
        ('', 'application/*', 'application/json'),
        ('', 'text/xml;q=0.5, application/json;q=0.9', 'application/json'),
        ('', '*/*, application/xml', 'application/xml'),
        ('', 'image/png, text/xml;level="1"', 'text/xml'),
    ],
)
def test_the_form_is_chosen(format: str, accept: str, form: str) -> None:
    assert forms.media(format, accept) == form


def test_a_form_that_is_not_offered_is_refused() -> None:
    with pytest.raises(NotAcceptable):
        forms.media('', 'image/png')
    with pytest.raises(BadRequest):
        forms.media('', 'json')
    with pytest.raises(BadRequest):
        forms.media('', 'text/plain;q=much')


def test_a_query_is_read_and_asked_on() -> None:
    given = {'limit': '5', 'marker': 'm', 'end_marker': 'z', 'prefix': 'p', 'delimiter': '//', 'reverse': 'On', 'format': 'xml'}
    query = forms.query(given, 10)
    assert query == Query(5, 'm', 'z', 'p', '//', reverse=True)
    assert dict(forms.args(query, 3)) == {**given, 'limit': '3', 'reverse': 'true', 'format': 'json'}
    assert forms.query({'limit': 'many', 'reverse': 'no'}, 10) == Query(10)
    assert dict(forms.args(Query(10))) == {'format': 'json', 'limit': '10'}
    with pytest.raises(PreconditionFailed, match='Maximum limit is 10'):
        forms.query({'limit': '11'}, 10)
