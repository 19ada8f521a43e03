"""Bodies go to a site in its words and come back in the league's; what is not understood stays as it is, to the byte."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.model.alias import Alias
from hansa.rules import translate
from hansa.rules.aliases import AliasBook

P, PL = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '11111111111111111111111111111111'
USER, USERL = 'c' * 64, '22222222222222222222222222222222'
IMAGE, IMAGEL = 'aaaaaaaa-0000-4000-8000-000000000001', '11111111-0000-4000-8000-000000000001'
GROUP, GROUPL = 'aaaaaaaa-0000-4000-8000-000000000002', '11111111-0000-4000-8000-000000000002'
OTHER = 'dddddddd-0000-4000-8000-000000000003'
BOOK = AliasBook(
    [
        Alias('east', 'project', P, PL),
        Alias('east', 'user', USER, USERL),
        Alias('east', 'image', IMAGE, IMAGEL, P),
        Alias('east', 'image', IMAGE, '11111111-0000-4000-8000-00000000000f', 'another project'),
        Alias('east', 'security_group', GROUP, GROUPL),
        Alias('east', 'flavor', 'w-10', '1'),
        Alias('east', 'keypair', f'{USER}/me', 'me-0123456789'),
        Alias('east', 'keypair', f'{USER}/1', '1'),
        Alias('west', 'project', P, 'f' * 32),
    ]
)
EMPTY = AliasBook()


def place(service: str = 'compute', root: str = '', zones: tuple[str, ...] = ('nova',), site: str = 'east') -> translate.Place:
    return translate.Place(site, root, f'http://league/{service}', zones, P, USER)


EAST, SEVERAL, NONE = place(), place(zones=('az1', 'az2')), place('network', zones=())
NORTH = place(site='north', zones=('east', 'west:az1'))


def out(text: str, at: translate.Place = EAST) -> str:
    return translate.outbound(text.encode(), at, BOOK).decode()


def back(text: str, at: translate.Place = EAST) -> str:
    return translate.inbound(text.encode(), at, BOOK).decode()


@pytest.mark.parametrize(
    ('league', 'site'),
    [
        (f'{{"server": {{"imageRef": "{IMAGE}"}}}}', f'{{"server": {{"imageRef": "{IMAGEL}"}}}}'),
        (f'{{"tenant_id":"{P}","user_id":"{USER}"}}', f'{{"tenant_id":"{PL}","user_id":"{USERL}"}}'),
        (f'["{IMAGE}","{GROUP}","{OTHER}"]', f'["{IMAGEL}","{GROUPL}","{OTHER}"]'),
        (f'{{"security_groups": [{{"name": "{GROUP}"}}]}}', f'{{"security_groups": [{{"name": "{GROUPL}"}}]}}'),
        (f'{{"{P}": 1}}', f'{{"{PL}": 1}}'),
        ('{"key_name": "me"}', '{"key_name": "me-0123456789"}'),
        ('{"key_name" : "1"}', '{"key_name" : "1"}'),
        ('{"key_name": "unknown", "x": null}', '{"key_name": "unknown", "x": null}'),
        ('{"key_name": null}', '{"key_name": null}'),
    ],
)
def test_words_of_both(league: str, site: str) -> None:
    assert out(league) == site
    assert back(site) == league


def test_another_projects_replica_is_shown_as_the_same_image() -> None:
    assert back('"11111111-0000-4000-8000-00000000000f"') == f'"{IMAGE}"'


@pytest.mark.parametrize(
    ('at', 'league', 'site', 'shown'),
    [
        (EAST, '"availability_zone": "east"', '"availability_zone": "nova"', None),
        (EAST, '"availability_zone": "east:nova"', '"availability_zone": "nova"', '"availability_zone": "east"'),
        (EAST, '"availability_zone": "west"', '"availability_zone": "west"', '"availability_zone": "east:west"'),
        (EAST, '"OS-EXT-AZ:availability_zone":"east"', '"OS-EXT-AZ:availability_zone":"nova"', None),
        (EAST, '"pinned_availability_zone" : "east"', '"pinned_availability_zone" : "nova"', None),
        (EAST, '"availability_zone": null', '"availability_zone": null', None),
        (EAST, '"availability_zone": ""', '"availability_zone": ""', None),
        (SEVERAL, '"availability_zone": "east:az2"', '"availability_zone": "az2"', None),
        (SEVERAL, '"availability_zone": "east"', '"availability_zone": "az1"', '"availability_zone": "east:az1"'),
        (NORTH, '"availability_zone": "north:east"', '"availability_zone": "east"', None),
        (NORTH, '"availability_zone": "north:west:az1"', '"availability_zone": "west:az1"', None),
        (SEVERAL, r'"availability_zone": "east:a\"\u00e9"', r'"availability_zone": "a\"\u00e9"', None),
        (SEVERAL, '"availability_zone_hints": ["east:az1", "east:az2"]', '"availability_zone_hints": ["az1", "az2"]', None),
        (SEVERAL, '"availability_zones": [ "east:az1" ,"east:az2"]', '"availability_zones": [ "az1" ,"az2"]', None),
        (SEVERAL, '"availability_zones": ["east:a]"]', '"availability_zones": ["a]"]', None),
        (EAST, '"availability_zones": ["east"]', '"availability_zones": ["nova"]', None),
        (NONE, '"availability_zones": []', '"availability_zones": []', '"availability_zones": ["east"]'),
        (NONE, '"availability_zones": ["east"]', '"availability_zones": ["east"]', None),
        (NONE, '"availability_zones": [{"name": "nova"}]', '"availability_zones": [{"name": "nova"}]', None),
        (NONE, '"availability_zones": [null, 1]', '"availability_zones": [null, 1]', None),
    ],
)
def test_zones(at: translate.Place, league: str, site: str, shown: str | None) -> None:
    assert out(f'{{{league}}}', at) == f'{{{site}}}'
    assert back(f'{{{site}}}', at) == f'{{{shown or league}}}'


@pytest.mark.parametrize(
    ('league', 'site'),
    [
        ('"w-10"', '"1"'),
        ('"http://league/compute/v2.1/flavors/w-10"', '"http://league/compute/v2.1/flavors/1"'),
        ('1', '1'), ('12', '12'), ('1.5', '1.5'), ('10e1', '10e1'), ('"1"', '"1"'), ('"a\\"b"', '"a\\"b"'), ('null', 'null'),
    ],
)  # fmt: skip
def test_flavors_of_requests(league: str, site: str) -> None:
    assert out(f'{{"resize":{{"flavorRef": {league}}}}}') == f'{{"resize":{{"flavorRef": {site}}}}}'


def test_a_flavor_named_by_a_number() -> None:
    book = AliasBook([Alias('west', 'flavor', '1', 'w-10'), Alias('west', 'flavor', '12', IMAGE)])
    west = place(site='west')
    assert translate.outbound(b'{"flavorRef":1}', west, book) == b'{"flavorRef":"w-10"}'
    assert translate.outbound(b'{"flavorRef": 12, "x": 1}', west, book) == f'{{"flavorRef": "{IMAGE}", "x": 1}}'.encode()
    assert translate.outbound(b'{"flavorRef":1.5}', west, book) == b'{"flavorRef":1.5}'
    assert translate.inbound(b'{"flavor": {"id": "w-10"}}', west, book) == b'{"flavor": {"id": "1"}}'


@pytest.mark.parametrize(
    ('at', 'site', 'league'),
    [
        (EAST, 'http://nova:8774/v2.1/servers/S', 'http://league/compute/v2.1/servers/S'),
        (EAST, 'https://nova/servers/S', 'http://league/compute/servers/S'),
        (EAST, f'http://nova:8774/images/{IMAGEL}', f'http://league/compute/images/{IMAGE}'),
        (EAST, 'http://nova:8774/flavors/1', 'http://league/compute/flavors/w-10'),
        (EAST, 'http://nova:8774/v2.1/flavors/1/os-extra_specs', 'http://league/compute/v2.1/flavors/w-10/os-extra_specs'),
        (EAST, f'http://nova/v2.1/flavors/9?project={PL}', f'http://league/compute/v2.1/flavors/9?project={P}'),
        (place(root='/compute'), 'http://east/compute/v2.1/servers/S', 'http://league/compute/v2.1/servers/S'),
        (place(root='/compute'), 'http://east/compute/servers/S', 'http://league/compute/servers/S'),
        (place(root='/compute'), 'http://east/compute', 'http://league/compute'),
        (place(root='/compute'), 'http://east/computer/v2', 'http://east/computer/v2'),
        (place(root='/compute'), 'http://docs/v2.1', 'http://docs/v2.1'),
        (NONE, f'http://neutron:9696/v2.0/networks?limit=1&marker={OTHER}', f'http://league/network/v2.0/networks?limit=1&marker={OTHER}'),
        (NONE, f'http://neutron/v2.0/ports?project_id={PL}&x=%2C{GROUPL}', f'http://league/network/v2.0/ports?project_id={P}&x=%2C{GROUP}'),
        (place('volume'), f'http://cinder:8776/v3/{PL}/volumes/V', f'http://league/volume/v3/{P}/volumes/V'),
        (place('volume', '/volume'), f'http://east/volume/{PL}/volumes/V', f'http://league/volume/{P}/volumes/V'),
        (place('image'), f'/v2/images/{IMAGEL}/file', f'/v2/images/{IMAGE}/file'),
        (place('image', '/image'), f'/v2/images/{IMAGEL}', f'/v2/images/{IMAGE}'),
        (place('image', '/image'), f'/image/v2/images/{IMAGEL}', f'/v2/images/{IMAGE}'),
        (place('image', '/image'), '/images', '/images'),
        (place('image'), '/v2/images?marker=x&name=http://x/y', '/v2/images?marker=x&name=http://x/y'),
        (place('image'), '/v2/schemas/image', '/v2/schemas/image'),
    ],
)
def test_links(at: translate.Place, site: str, league: str) -> None:
    key = 'next' if site.startswith('/') else 'href'
    assert back(f'{{"links": [{{"rel": "self", "{key}": "{site}"}}]}}', at) == f'{{"links": [{{"rel": "self", "{key}": "{league}"}}]}}'


@pytest.mark.parametrize(
    ('at', 'site', 'league'),
    [
        (EAST, 'http://nova:8774/v2.1/servers/S', 'http://league/compute/v2.1/servers/S'),
        (EAST, f'http://glance:9292/images/{IMAGEL}', f'http://league/image/v2/images/{IMAGE}'),
        (EAST, f'http://127.0.1.11:9292//images/{OTHER}', f'http://league/image/v2/images/{OTHER}'),
        (place(root='/compute'), f'https://east/image/v2/images/{OTHER}', f'http://league/image/v2/images/{OTHER}'),
        (place('image'), f'http://glance:9292/v2/images/{IMAGEL}', f'http://league/image/v2/images/{IMAGE}'),
        (place('volume'), f'/v3/{PL}/volumes', f'/v3/{P}/volumes'),
    ],
)
def test_location(at: translate.Place, site: str, league: str) -> None:
    assert translate.link(site, at, BOOK) == league


def test_raw_paths_and_queries() -> None:
    text = f'/servers/{OTHER}?tenant={P}&in=%22{IMAGE}%22%2c{GROUP}&x={P}0'
    site = f'/servers/{OTHER}?tenant={PL}&in=%22{IMAGEL}%22%2c{GROUPL}&x={P}0'
    assert translate.text_outbound(text, EAST, BOOK) == site
    assert translate.text_inbound(site, EAST, BOOK) == text


def test_ids() -> None:
    assert translate.ids(f'{{"a": "{P}", "b": ["{OTHER}", "{USER}", "x{P}", "{P}0"]}}'.encode()) == {P, OTHER, USER}


HREF = json.dumps({'href': 'http://nova/v2.1/servers/S', 'flavorRef': 'w-10', 'key_name': 'me', 'hansa:intent': 'x'})


@pytest.mark.parametrize(
    'text',
    [
        json.dumps({'metadata': {'a': HREF, 'href': 'http://x/y', 'flavorRef': 'w-10', 'availability_zone': 'east', 'id': f'{IMAGE}{IMAGEL}'}}),
        json.dumps({'meta': {'key_name': 'me', 'b': f'{IMAGE} {IMAGEL} {{"a"'}}),
        json.dumps({'user_data': HREF, 'x': HREF, 'name': f'of {P} {PL}', 'description': HREF, 'display_name': f'{P}-{PL}'}),
        json.dumps({'x "href': 'http://x/y', 'a\\"availability_zone': 'east', 'z "flavorRef': 'w-10', '"key_name': 'me'}),
        '{"a": 12345678901234567890123.4500E+400, "a" : 1, "a":1.0 ,"\\u00e9": "\\/\\ud83d\\ude00é", "b":[ ]}',
        '"hansa:intent"', '["hansa:intent", "x"]', '{"key": "hansa:intent"}', json.dumps({'a "hansa:intent': 'b'}),
        json.dumps({'value': '"hansa:intent": "x", '}), '', 'no JSON at all: "name": "', '{"metadata": {"a": {"b": 1}}}',
    ],
)  # fmt: skip
def test_what_users_write_is_theirs(text: str) -> None:
    assert out(text) == text
    assert back(text) == text


def test_bytes_of_no_text_pass() -> None:
    raw = b'{"name": "\xff", "zoneName": "\xfe", "key_name": "\xfd", "href": "/\xfc", "flavor": {"id": "\xfb"}, "availability_zones": ["\xfa"]}'
    assert translate.outbound(raw, EAST, BOOK) == raw
    assert translate.inbound(raw, NORTH, BOOK).count(b'\xfe') == 1


@pytest.mark.parametrize(
    ('told', 'shown'),
    [
        ('{"metadata": {"hansa:intent": "x"}}', '{"metadata": {}}'),
        ('{"metadata":{"hansa:intent":"x","a":"b"}}', '{"metadata":{"a":"b"}}'),
        ('{"metadata": {"a": "b", "hansa:intent": "x"}}', '{"metadata": {"a": "b"}}'),
        ('{"metadata": {"a": "b", "hansa:intent": "x", "c": "d"}}', '{"metadata": {"a": "b", "c": "d"}}'),
        ('{ "hansa:intent" : "x" , "c" : "d" }', '{ "c" : "d" }'),
        ('{ "a" : "b" , "hansa:intent" : "x" }', '{ "a" : "b"  }'),
        ('{\n  "a": 1,\n  "hansa:intent": "x",\n  "b": 2\n}', '{\n  "a": 1,\n  "b": 2\n}'),
        ('{"meta": {"hansa:intent": "x"}}', '{"meta": {}}'),
        ('{"id": "i", "hansa:intent": "x\\"y", "size": 1}', '{"id": "i", "size": 1}'),
        ('{"hansa:intent": "x", "hansa:intent": "y"}', '{}'),
        ('[{"hansa:intent":"x"},{"hansa:intent":"y"}]', '[{},{}]'),
        ('{"volume_image_metadata": {"hansa:intent": "x", "a": "\\"hansa:intent\\": \\"y\\","}}',
         '{"volume_image_metadata": {"a": "\\"hansa:intent\\": \\"y\\","}}'),
    ],
)  # fmt: skip
def test_our_mark_is_not_shown(told: str, shown: str) -> None:
    assert back(told) == shown


words = st.text(max_size=8) | st.sampled_from(['href', '"href": "/x"', IMAGEL, 'e:ast', '\\', 'hansa:intent', 'metadata', 'self'])
keys = words | st.sampled_from(['name', 'flavorRef', 'flavor', 'id', 'key_name', 'user_data', 'meta', 'availability_zones'])
values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words
trees = st.recursive(values, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20)


@given(trees, st.booleans(), st.sampled_from([None, 1]))
def test_without_aliases_a_request_is_not_touched(tree: object, ascii: bool, indent: int | None) -> None:
    raw = json.dumps(tree, ensure_ascii=ascii, indent=indent).encode(errors='surrogatepass')
    assert translate.outbound(raw, NORTH, EMPTY) == raw


LOCAL = frozenset(('href', 'self', 'hansa:intent', 'availability_zones'))


@given(trees, st.booleans())
def test_without_links_zones_and_aliases_an_answer_is_not_touched(tree: object, ascii: bool) -> None:
    bare = without(tree, LOCAL)
    raw = json.dumps(bare, ensure_ascii=ascii).encode(errors='surrogatepass')
    assert translate.inbound(raw, NORTH, EMPTY) == raw


@given(trees)
def test_an_answer_stays_json_and_loses_just_our_mark(tree: object) -> None:
    shown = json.loads(translate.inbound(json.dumps(without(tree, LOCAL - {'hansa:intent'})).encode(), EAST, EMPTY))
    assert shown == unmarked(without(tree, LOCAL - {'hansa:intent'}))


def without(tree: Any, names: frozenset[str]) -> Any:
    if isinstance(tree, dict):
        return {key: without(value, names) for key, value in tree.items() if key not in names}
    return [without(value, names) for value in tree] if isinstance(tree, list) else tree


def unmarked(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: unmarked(value) for key, value in tree.items() if not (key == 'hansa:intent' and isinstance(value, str))}
    return [unmarked(value) for value in tree] if isinstance(tree, list) else tree


league_ids = st.sampled_from([P, USER, IMAGE, GROUP, OTHER])
league_fields = st.fixed_dictionaries(
    {},
    optional={
        'availability_zone': st.sampled_from(['east:az1', 'east:az2']),
        'availability_zone_hints': st.lists(st.sampled_from(['east:az1', 'east:az2']), min_size=1),
        'key_name': st.sampled_from(['me', 'other', '1']),
        'metadata': st.dictionaries(keys, words | league_ids),
        'name': words | league_ids,
        'networks': st.lists(st.fixed_dictionaries({'uuid': league_ids})),
        'tenant_id': league_ids,
        'x': trees.map(lambda tree: without(tree, frozenset((*LOCAL, 'key_name')))),
    },
)


@given(league_fields, st.booleans())
def test_there_and_back(fields: dict[str, Any], spaced: bool) -> None:
    """Ids of one site do not occur as the league's, so what is sent comes back as it was."""
    dumped = json.dumps(fields, separators=None if spaced else (',', ':'))
    if IMAGEL not in dumped and 'hansa:intent' not in dumped:
        assert back(out(dumped, SEVERAL), SEVERAL) == dumped


def test_any_encoder_will_do() -> None:
    body = {'server': {'name': 'é', 'imageRef': IMAGE, 'flavorRef': 'w-10', 'key_name': 'me', 'availability_zone': 'east'}}
    site = {'server': {'name': 'é', 'imageRef': IMAGEL, 'flavorRef': '1', 'key_name': 'me-0123456789', 'availability_zone': 'nova'}}
    for raw in (msgspec.json.encode(body), json.dumps(body).encode(), json.dumps(body, indent=2).encode()):
        assert json.loads(translate.outbound(raw, EAST, BOOK)) == site
