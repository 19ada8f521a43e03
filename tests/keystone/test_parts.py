"""The small parts of the engine: documents, files, the watch, the bound on Keystone's memory."""

from __future__ import annotations

import pathlib
import sqlite3
from typing import Any

import pytest
from dogpile.cache import make_region

from hansa.keystone import accounts, birth, catalog, configuration, files, wording
from hansa.keystone.files import Places
from hansa.keystone.memory import Bound
from hansa.keystone.watch import Watch
from hansa.model.errors import ConfigError, SiteDown
from tests.keystone.clocks import Standing
from tests.keystone.told import document


def test_a_system_token_has_no_project_and_is_of_the_system() -> None:
    told = wording.read_token(
        b'{"token":{"user":{"id":"u","name":"n","domain":{"id":"d"}},"expires_at":"2027-01-15T08:00:00.000000Z",'
        b'"roles":[{"id":"r","name":"admin"}],"system":{"all":true}}}'
    )
    assert (told.project, told.system, told.admin, told.expires, told.user_domain) == ('', True, True, 1800000000.0, 'd')


def test_an_unscoped_token_has_neither_project_nor_roles() -> None:
    told = wording.read_token(b'{"token":{"user":{"id":"u"},"expires_at":"2027-01-15T08:00:00.000000Z"}}')
    assert (told.project, told.roles, told.writer) == ('', frozenset(), False)
    assert wording.read_token(document(1800000000.5)).expires == 1800000000.5
    with pytest.raises(SiteDown):
        wording.read_token(b'{"token":{"user":{"id":"u"},"expires_at":"soon"}}')


def test_passwords_are_made_once_and_kept_for_the_owner_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / 'accounts.json'
    first = accounts.keep(path)
    assert accounts.keep(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    words = {word.reveal() for word in (first.admin_password, first.demo_password, first.engine_password)}
    assert len(words) == 3
    assert not any(word in repr(first) for word in words)
    path.write_text('{"admin_')
    with pytest.raises(ConfigError):
        accounts.keep(path)


def test_a_directory_too_long_for_a_socket_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match='too long'):
        Places(tmp_path / ('x' * 100)).prepare()


def test_the_configuration_has_no_secret_and_survives_odd_paths(tmp_path: pathlib.Path) -> None:
    places = Places(tmp_path / 'a$b')
    text = configuration.text(places, places.data, 'http://league', 60)
    assert 'public_endpoint = http://league/identity\n' in text
    assert f'sqlite:///{tmp_path}/a$$b/keystone/data/keystone.db' in text


def test_keys_are_only_the_owners(tmp_path: pathlib.Path) -> None:
    birth.make_keys(tmp_path / 'keys')
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / 'keys').iterdir()} == {'0': 0o600, '1': 0o600}
    assert (tmp_path / 'keys').stat().st_mode & 0o777 == 0o700


def test_the_record_of_what_is_settled_may_be_missing_or_cut(tmp_path: pathlib.Path) -> None:
    path = tmp_path / 'settled.json'
    assert birth.recall(path) == birth.Settled()
    files.write_whole(path, b'{"keystone":"30.0.0","public_url":"u","region":"r"}')
    assert birth.recall(path) == birth.Settled('30.0.0', 'u', 'r')
    path.write_bytes(b'{"keystone":')
    assert birth.recall(path) == birth.Settled()


def test_the_catalogue_without_a_project_leaves_out_what_needs_one() -> None:
    shown = {service['name']: service['endpoints'] for service in catalog.document('http://league', 'here', '')}
    assert shown['cinderv3'] == []
    assert {point['url'] for point in shown['cinder']} == {'http://league/volume/v3'}
    full = {service['name']: service['endpoints'] for service in catalog.document('http://league', 'here', 'p')}
    assert {point['url'] for point in full['cinderv3']} == {'http://league/volume/v3/p'}
    assert {point['region_id'] for point in full['nova']} == {'here'}


def test_what_stands_beside_the_league_in_its_region_stays_in_the_catalogue() -> None:
    def there(kind: str, *regions: str) -> dict[str, Any]:
        return {'type': kind, 'name': kind, 'endpoints': [{'id': region, 'region_id': region} for region in regions]}

    beside = [there('compute', 'here'), there('volumev2', 'here'), there('orchestration', 'here', 'away'), there('dns', 'away')]
    shown = catalog.document('http://league', 'here', 'p', beside)
    assert shown[:-1] == catalog.document('http://league', 'here', 'p')
    assert shown[-1] == there('orchestration', 'here')


def test_the_watch_sees_what_others_commit_and_then_all_is_still(tmp_path: pathlib.Path) -> None:
    database = tmp_path / 'some.db'
    other = sqlite3.connect(database)
    other.execute('PRAGMA journal_mode=WAL')
    other.execute('CREATE TABLE t (n)')
    clock = Standing()
    seen: list[float] = []
    watch = Watch(database, lambda: seen.append(clock.time), clock, stale=2)
    watch.look()
    assert seen == []
    other.execute('INSERT INTO t VALUES (1)')
    watch.look()
    assert seen == []
    other.commit()
    watch.look()
    assert seen == [clock.time]
    for _ in range(10):
        clock.time += 1
        watch.look()
    assert len(seen) == 3
    watch.close()
    other.close()


def test_keystones_memory_is_bounded() -> None:
    region = make_region().configure('dogpile.cache.memory')
    region.wrap(Bound(3))
    for number in range(10):
        region.set(f'key{number}', number)
    region.set_multi({'a': 1, 'b': 2})
    kept = region.get_multi([f'key{number}' for number in range(10)] + ['a', 'b'])  # type: ignore[no-untyped-call]  # dogpile annotates all but this
    assert [value for value in kept if isinstance(value, int)] == [9, 1, 2]
