"""Opening a directory: schema versions, strange files, the lock, the key, and what a killed process leaves behind."""

from __future__ import annotations

import asyncio
import pathlib
import signal
import sqlite3
import stat
import subprocess
import sys

import pytest

from hansa.model.errors import ConfigError
from hansa.model.quota import Quota
from hansa.model.site import SiteSpec
from hansa.storage.sqlite import migrations, open_store, opening

ROOT = pathlib.Path(__file__).parents[2]


async def write(directory: pathlib.Path) -> None:
    store = await open_store(directory)
    await store.put_site(SiteSpec('east', 'openstack', {'auth': {'password': 'sesame-settings'}}))
    await store.set('word', b'sesame-state', sealed=True)
    await store.close()


def refusal(directory: pathlib.Path) -> str:
    with pytest.raises(ConfigError) as caught:
        asyncio.run(open_store(directory))
    return str(caught.value)


def test_a_newer_schema_is_refused(tmp_path: pathlib.Path) -> None:
    asyncio.run(write(tmp_path))
    db = sqlite3.connect(tmp_path / 'hansa.db')
    db.execute('PRAGMA user_version = 99')
    db.close()
    newest = migrations.steps()[-1][0]
    said = refusal(tmp_path)
    assert f'has schema version 99 and this Hansa knows versions up to {newest}; run' in said


def test_steps_are_numbered_without_a_gap_and_leave_the_schema_marked() -> None:
    assert [number for number, _ in migrations.steps()] == list(range(1, len(migrations.steps()) + 1))
    db = opening.writer(None)
    migrations.apply(db, 'again')
    assert db.execute('PRAGMA user_version').fetchone() == (len(migrations.steps()),)
    db.close()


def test_a_database_from_before_quotas_counts_what_it_holds(tmp_path: pathlib.Path) -> None:
    db = opening.connect(tmp_path / 'hansa.db')
    db.executescript(migrations.steps()[0][1])
    db.execute(f'PRAGMA application_id = {migrations.APPLICATION}')
    db.execute('PRAGMA user_version = 1')
    columns = 'site, kind, id, site_id, project, name, status, created, updated, public, prime, seen'
    for row, (kind, doc) in enumerate((('server', '{"flavor":{"vcpus":2,"ram":64},"metadata":{"hansa:intent":"m"}}'), ('network', '{}'))):
        values = ('east', kind, f'id{row}', f'id{row}', 'p1', '', '', '', '', 0, 1, 0.0)
        db.execute(f'INSERT INTO hot (row, {columns}) VALUES (?{", ?" * 12})', (row, *values))  # noqa: S608  # our own words
        db.execute('INSERT INTO document (row, doc) VALUES (?, ?)', (row, doc.encode()))
    db.execute("INSERT INTO intent VALUES (1, 'i', 'server.create', 'p1', 'u', 'east', 'm', x'7b7d', 'sent', '', 1.0, 1)")
    db.close()

    async def main() -> None:
        store = await open_store(tmp_path)
        both = {'instances': 1, 'cores': 2, 'ram': 64, 'network': 1}
        assert await store.quota('p1') == Quota({}, {'': both, 'east': both})
        assert [each.charge for each in await store.open_intents()] == [{}]
        await store.close()

    asyncio.run(main())


def test_a_file_that_is_no_database_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / 'hansa.db').write_bytes(b'Dear diary, ' * 500)
    assert 'hansa.db is not a database; move' in refusal(tmp_path)


def test_a_database_of_another_program_is_refused(tmp_path: pathlib.Path) -> None:
    db = sqlite3.connect(tmp_path / 'hansa.db')
    db.execute('CREATE TABLE cookies (jar TEXT)')
    db.close()
    assert 'is a database of another program' in refusal(tmp_path)


def test_a_directory_that_cannot_be_one_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / 'file').write_bytes(b'')
    assert 'cannot be used' in refusal(tmp_path / 'file')


def test_one_league_at_a_time(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        with pytest.raises(ConfigError, match='Another league runs on'):
            await open_store(tmp_path)
        await store.close()
        await (await open_store(tmp_path)).close()

    asyncio.run(main())


def test_a_refused_opening_frees_the_lock(tmp_path: pathlib.Path) -> None:
    (tmp_path / 'hansa.db').write_bytes(b'Dear diary, ' * 500)
    refusal(tmp_path)
    (tmp_path / 'hansa.db').unlink()
    asyncio.run(write(tmp_path))


def test_secrets_are_ciphertext_at_rest(tmp_path: pathlib.Path) -> None:
    asyncio.run(write(tmp_path))
    for file in tmp_path.iterdir():
        assert b'sesame' not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_wrong_key_is_told_so(tmp_path: pathlib.Path) -> None:
    asyncio.run(write(tmp_path))
    key = tmp_path / 'seal.key'
    key.write_bytes(bytes(32))
    assert 'is not the key of the database beside it' in refusal(tmp_path)
    key.write_bytes(b'short')
    assert 'is not a key of 32 bytes' in refusal(tmp_path)
    key.unlink()
    assert 'cannot be read' in refusal(tmp_path)


def test_a_sealed_value_cannot_be_moved_to_another_name(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        await write(tmp_path)
        db = sqlite3.connect(tmp_path / 'hansa.db')
        db.execute("UPDATE state SET key = 'other'")
        db.commit()
        db.close()
        store = await open_store(tmp_path)
        with pytest.raises(ConfigError, match="'state/other' does not open") as caught:
            await store.value('other')
        assert 'sesame' not in str(caught.value)
        await store.close()

    asyncio.run(main())


def test_nothing_that_returned_is_lost_by_a_kill(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path)
        assert await store.summary() == [('east', 'server', 300, 0)]
        assert await store.get('server', 'last') is not None
        assert await store.gone('server', 'i000')
        assert [(intent.id, intent.generation) for intent in await store.open_intents()] == [('i1', 1)]
        assert [spec.settings for spec in await store.sites()] == [{'password': 'secret'}]
        assert await store.value('word') == b'secret'
        assert len(await store.aliases()) == 1
        await store.close()

    program = ROOT / 'tests' / 'storage' / 'dying.py'
    ended = subprocess.run([sys.executable, program, tmp_path], env={'PYTHONPATH': str(ROOT)}, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
    asyncio.run(main())


@pytest.mark.parametrize('key', ['created', 'updated', 'name', 'id'])
def test_each_order_that_is_promised_is_walked_within_an_owner(key: str) -> None:
    db = opening.writer(None)
    order = ', '.join(f'{each} DESC' for each in dict.fromkeys(('id',) if key == 'id' else (key, 'created', 'id')))
    sql = f"EXPLAIN QUERY PLAN SELECT row FROM hot WHERE kind = 'port' AND prime = 1 AND project = 'p' ORDER BY {order} LIMIT 9"  # noqa: S608  # our own words
    assert [f'hot_owned_{key}' in row[3] for row in db.execute(sql)] == [True]
    db.close()
