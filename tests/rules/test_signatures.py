"""Signed URLs and forms: what is signed, and by whom."""

from __future__ import annotations

import base64
import hashlib
import hmac
import urllib.parse

import pytest

from hansa.rules.containers import signatures


def made(text: str, key: str = 'k', digest: str = 'sha256') -> bytes:
    return hmac.new(key.encode(), text.encode(), digest).digest()


@pytest.mark.parametrize('digest', ['sha1', 'sha256', 'sha512'])
def test_a_signature_is_known_by_its_length_or_its_name(digest: str) -> None:
    raw = made('x', digest=digest)
    assert signatures.signature(raw.hex()) == (digest, raw)
    assert signatures.signature(f'{digest}:{base64.urlsafe_b64encode(raw).decode().rstrip("=")}') == (digest, raw)


@pytest.mark.parametrize('text', ['', 'ab', 'xyz', 'md5:abcd', 'sha256:a', 'ü' * 32])
def test_what_is_no_signature(text: str) -> None:
    with pytest.raises(ValueError, match=r'.*'):
        signatures.signature(text)


def test_an_expiry_is_a_number_or_a_time() -> None:
    assert signatures.moment('1700000000') == signatures.moment('2023-11-14T22:13:20Z') == 1_700_000_000
    for wrong in ('', '-1', '²', '2023-11-14', 'soon', '253402300800'):
        with pytest.raises(ValueError, match=r'.*'):
            signatures.moment(wrong)


def test_one_of_several_keys_made_it_for_the_path_with_or_without_the_mount() -> None:
    for text in ('GET\n9\n/v1/AUTH_p/c/o/é', 'GET\n9\n/object/v1/AUTH_p/c/o/é'):
        wish = signatures.Signed('sha256', made(text), 9)
        told = signatures.texts('GET', 'AUTH_p', 'c', 'o/é', wish)
        assert signatures.maker(['other', 'k'], told, wish.digest, wish.raw) == 'k'
        assert signatures.maker(['other'], told, wish.digest, wish.raw) == ''
        assert signatures.maker(['k'], signatures.texts('HEAD', 'AUTH_p', 'c', 'o/é', wish), wish.digest, wish.raw) == 'k'
        assert signatures.maker(['k'], signatures.texts('PUT', 'AUTH_p', 'c', 'o/é', wish), wish.digest, wish.raw) == ''
        assert signatures.maker(['k'], signatures.texts('GET', 'AUTH_p', 'c', 'o', wish), wish.digest, wish.raw) == ''


def test_a_prefix_and_a_range_of_addresses_are_signed_too() -> None:
    raw = made('ip=192.0.2.0/24\nGET\n9\nprefix:/v1/AUTH_p/c/dir/')
    query = urllib.parse.parse_qsl(f'temp_url_sig={raw.hex()}&temp_url_expires=9&temp_url_prefix=dir/&temp_url_ip_range=192.0.2.0/24&filename=a&inline', True)
    wish = signatures.read(query)
    assert (wish.prefix, wish.source, wish.filename, wish.inline) == ('dir/', '192.0.2.0/24', 'a', True)
    assert signatures.maker(['k'], signatures.texts('GET', 'AUTH_p', 'c', 'dir/o', wish), wish.digest, wish.raw) == 'k'
    with pytest.raises(ValueError, match='beside'):
        signatures.texts('GET', 'AUTH_p', 'c', 'other', wish)
    assert signatures.covers('192.0.2.0/24', '192.0.2.7')
    assert signatures.covers('2001:db8::1', '2001:db8::1')
    for source, client in (('192.0.2.0/24', '192.0.3.1'), ('192.0.2.1/24', '192.0.2.1'), ('x', '192.0.2.1'), ('192.0.2.1', '')):
        assert not signatures.covers(source, client)


def test_a_form() -> None:
    raw = made('/v1/AUTH_p/c/dir/\nhttp://x/\n10\n2\n9')
    assert signatures.maker(['k'], signatures.form_texts('/v1/AUTH_p/c/dir/', ['http://x/', '10', '2', '9']), 'sha256', raw) == 'k'


def test_the_query_for_a_site_is_signed_for_exactly_one_thing() -> None:
    query = dict(urllib.parse.parse_qsl(signatures.query('k', 'PUT', '/v1/AUTH_q/c/o', 9, 'sha512', 'näme', inline=True), True))
    wanted = hashlib.sha512().name
    assert query == {'temp_url_sig': made('PUT\n9\n/v1/AUTH_q/c/o', digest=wanted).hex(), 'temp_url_expires': '9', 'filename': 'näme', 'inline': ''}
