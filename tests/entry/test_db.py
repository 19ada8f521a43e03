"""`hansa db`: the store looked through, brought up to date, and moved to a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansa.entry import cli
from hansa.model.alias import Alias
from hansa.model.decision import Decision
from hansa.model.intent import Intent
from hansa.model.listing import Query
from hansa.model.resource import Record
from hansa.model.site import SiteSpec
from hansa.ports.store import Store
from hansa.storage import postgres as room
from hansa.storage import sqlite
from hansa.storage.sqlite import migrations, opening
from tests.entry import serving
from tests.keystone import real
from tests.postgres import Server


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(('HANSA_', 'OS_'))]:
        monkeypatch.delenv(name)


class Outcome(msgspec.Struct):
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@pytest.fixture
def hansa(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str) -> Outcome:
        code = cli.main(('db', *words))
        out, err = capsys.readouterr()
        assert 'open-sesame' not in out + err
        return Outcome(code, out, err)

    return run


def server(number: int) -> Record:
    doc = b'{"flavor": {"vcpus": 2, "ram": 64}, "odd": "\\u0000", "n": %d}' % number
    return Record('east', 'server', f'i{number}', f'i{number}', 'p', f'n{number}', doc, 'ACTIVE', '2026', '2027', seen=1.5)


async def filled(store: Store) -> None:
    await store.put([server(number) for number in range(2100)])
    await store.put([Record(site, 'image', 'img', f'{site}-img', '', 'cir\0ros', b'{}', public=True) for site in ('west', 'east')])
    await store.remove('east', 'server', ['i0'], 1e9)
    await store.open_intent(Intent('one', 'server.create', 'p', 'u', 'east', 'm', b'{}', created=2.5, charge={'instances': 1}))
    await store.set_limits('p', 'east', {'instances': 5001})
    await store.put_site(SiteSpec('east', 'sim', {'auth': {'password': 'open-sesame'}}))
    await store.put_decision('server', 'i1', Decision('east', 'zone', pinned=True, candidates=(), zone='z'))
    await store.set('word', b'open-sesame', sealed=True)
    await store.set('plain', b'\xff')
    await store.add_aliases([Alias('east', 'image', 'img', 'east-img')])


async def contents(store: Store) -> list[object]:
    return [
        await store.page(Query('server')), await store.replicas('image', 'img'), await store.gone('server', 'i0'), await store.open_intents(),
        await store.quota('p'), await store.sites(), (await store.sites())[0].settings, await store.decision('server', 'i1'),
        await store.values(''), await store.aliases(), await store.summary(), await store.known('east', 'server'),
    ]  # fmt: skip


def made(directory: Path) -> list[object]:
    async def main() -> list[object]:
        store = await sqlite.open_store(directory)
        await filled(store)
        found = await contents(store)
        await store.close()
        return found

    return asyncio.run(main())


def test_a_store_is_looked_through(tmp_path: Path, hansa: Any) -> None:
    assert hansa('check', '--state', 'none').code == 2
    made(tmp_path / 'state')
    good = hansa('check')
    assert (good.code, 'is in order' in good.err) == (0, True)
    assert '2099' in next(line for line in good.out.splitlines() if 'server' in line)
    document = hansa('check', '-f', 'json').document
    assert (document['version'], document['faults'], document['parts'][1]['count']) == (len(migrations.steps()), [], 2099)
    db = sqlite3.connect(tmp_path / 'state' / 'hansa.db')
    db.execute('DELETE FROM document WHERE row = 7')
    db.execute("UPDATE used SET amount = amount + 1 WHERE resource = 'ram'")
    db.execute("UPDATE owned SET amount = amount + 1 WHERE kind = 'server'")
    db.execute("UPDATE alias SET local = 'other'")
    db.commit()
    db.close()
    bad = hansa('check', '-f', 'json')
    assert bad.code == 1
    told = ['records have no document', 'counters of owners diffe', 'sums of what projects us']
    assert [fault.partition(' ')[2][:24] for fault in bad.document['faults']] == told
    changed = {part['table'] for part, before in zip(bad.document['parts'], document['parts'], strict=True) if part != before}
    assert changed == {'inventory', 'alias'}


def test_the_missing_steps_are_taken(tmp_path: Path, hansa: Any) -> None:
    (tmp_path / 'state').mkdir()
    db = opening.connect(tmp_path / 'state' / 'hansa.db')
    db.executescript(migrations.steps()[0][1])
    db.execute(f'PRAGMA application_id = {migrations.APPLICATION}')
    db.execute('PRAGMA user_version = 1')
    db.close()
    old = hansa('check')
    assert (old.code, 'hansa db upgrade' in old.err) == (1, True)
    newest = len(migrations.steps())
    assert hansa('upgrade', '-f', 'json').document['before'] == 1
    again = hansa('upgrade')
    assert (again.code, f'has schema version {newest} already' in again.err) == (0, True)
    assert hansa('check').code == 0
    store = asyncio.run(sqlite.open_store(tmp_path / 'state'))
    refused = hansa('upgrade')
    assert (refused.code, 'Another league runs on' in refused.err) == (2, True)
    asyncio.run(store.close())


def test_a_store_is_moved_and_is_the_same(tmp_path: Path, hansa: Any, postgres: Server) -> None:
    url, state = postgres.fresh(), tmp_path / 'state'
    before = made(state)
    parts = hansa('check', '-f', 'json').document['parts']
    assert 'move it first' in refusal(url, state)
    running = asyncio.run(sqlite.open_store(state))
    refused = hansa('move', '--to', url)
    assert (refused.code, 'Another league runs on' in refused.err) == (2, True)
    asyncio.run(running.close())
    moved = hansa('move', '--to', url, '-f', 'json')
    assert (moved.code, moved.document['parts'], moved.document['faults']) == (0, parts, [])
    assert not (state / 'hansa.db').exists()
    checked = hansa('check', '--store', url, '-f', 'json')
    assert (checked.code, checked.document['parts']) == (0, parts)

    async def main() -> None:
        store = await room.open_store(url, state)
        # PostgreSQL has no U+0000 in a name; U+FFFD stands for it.
        assert [str(one).replace('\\ufffd', '\\x00').replace('\ufffd', '\\x00') for one in await contents(store)] == [str(one) for one in before]
        await store.put([server(2100)])
        await store.open_intent(Intent('two', 'server.create', 'p', 'u', 'east', 'n', b'{}'))
        assert [intent.id for intent in await store.open_intents()] == ['one', 'two']
        await store.close()

    asyncio.run(main())
    assert hansa('check', '--store', url).code == 0


def refusal(url: str, state: Path) -> str:
    with pytest.raises(Exception, match='database') as caught:
        asyncio.run(room.open_store(url, state))
    return str(caught.value)


def test_a_move_that_was_cut_off_is_finished_and_no_other_store_is_overwritten(tmp_path: Path, hansa: Any, postgres: Server) -> None:
    url, state = postgres.fresh(), tmp_path / 'state'
    made(state)
    assert hansa('move', '--to', url).code == 0
    # As if the machine had lost power before the file was put aside.
    (state / 'hansa.db.moved').rename(state / 'hansa.db')
    assert hansa('move', '--to', url).code == 0
    (state / 'hansa.db.moved').rename(state / 'hansa.db')

    async def change() -> None:
        store = await sqlite.open_store(state)
        await store.set('plain', b'other')
        await store.close()

    asyncio.run(change())
    refused = hansa('move', '--to', url)
    assert (refused.code, 'is not empty and holds another store' in refused.err) == (2, True)
    assert (state / 'hansa.db').exists()
    assert hansa('move', '--to', 'mysql://me:open-sesame@there/db').code == 2
    assert hansa('move', '--to', 'postgresql://me:open-sesame@127.0.0.1:1/db').code == 2


def test_a_copy_that_is_not_the_same_is_not_kept(tmp_path: Path, hansa: Any, postgres: Server) -> None:
    url, state = postgres.fresh(), tmp_path / 'state'
    made(state)
    assert hansa('upgrade', '--store', url).code == 0
    meddling = "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.local = 'other'; RETURN NEW; END $$"
    trigger = 'CREATE TRIGGER meddle BEFORE INSERT ON alias FOR EACH ROW EXECUTE FUNCTION meddle()'
    postgres.sql(f'SET search_path = {url.rpartition("=")[2]}; {meddling}; {trigger}')
    refused = hansa('move', '--to', url)
    assert (refused.code, 'is not what the file holds: alias east image differ. Nothing was moved.' in refused.err) == (1, True)
    assert (state / 'hansa.db').exists()
    assert hansa('check', '--store', url, '-f', 'json').document['parts'] == []
    postgres.sql(f'SET search_path = {url.rpartition("=")[2]}; DROP TRIGGER meddle ON alias')
    assert hansa('move', '--to', url).code == 0


def test_a_database_that_another_league_has_begun_with_is_not_taken(tmp_path: Path, hansa: Any, postgres: Server) -> None:
    url, state = postgres.fresh(), tmp_path / 'state'

    async def begun() -> None:
        store = await room.open_store(url, tmp_path / 'other')
        await store.close()

    asyncio.run(begun())
    made(state)
    refused = hansa('move', '--to', url)
    assert (refused.code, 'is not empty and holds another store' in refused.err) == (2, True)


def test_what_does_not_fit_together_in_postgresql_is_said(hansa: Any, postgres: Server, tmp_path: Path) -> None:
    url = postgres.fresh()
    schema = url.rpartition('=')[2]

    async def main() -> None:
        store = await room.open_store(url, tmp_path / 'state')
        await filled(store)
        await store.close()

    asyncio.run(main())
    assert hansa('check', '--store', url).code == 0
    harm = "DELETE FROM document WHERE row = 7; DELETE FROM prime WHERE id = 'i9'; UPDATE hot SET prime = false WHERE id = 'i10'"
    postgres.sql(f'SET search_path = {schema}; {harm}')
    bad = hansa('check', '--store', url)
    assert bad.code == 1
    assert bad.err.splitlines()[:3] == [
        '1 records have no document.', '1 objects have no primary record, or several.', '2 entries for primary records lead astray.',
    ]  # fmt: skip
    assert hansa('check', '--store', postgres.fresh()).code == 1
    assert 'went from schema version 0 to' in hansa('upgrade', '--store', postgres.fresh(), '--state', 'state').err


def test_a_league_lives_on_postgresql(tmp_path: Path, postgres: Server) -> None:
    url, state = postgres.fresh(), tmp_path / 'state'
    real.cheap(state)
    with serving.serving(tmp_path, state, '--sim', '1', '--store', url) as league:
        league.until(lambda: league.status()['sites'][0]['reachable'])
        checked = serving.hansa(tmp_path, 'db', 'check', '--state', str(state), '--store', url, '-f', 'json')
        assert checked.returncode == 0, checked.stderr
        assert {part['site'] for part in json.loads(checked.stdout)['parts'] if part['table'] == 'inventory'} == {'sim1'}
        league.process.kill()
        league.process.wait(serving.END_SECONDS)
        assert league.childless()
        assert 'open-sesame' not in league.log() + league.out
    assert not (state / 'hansa.db').exists()
    with serving.serving(tmp_path, state, '--sim', '1', '--store', url) as league:
        assert [site['name'] for site in league.status()['sites']] == ['sim1']
        assert league.end() == 0
        assert 'open-sesame' not in league.log() + league.out
