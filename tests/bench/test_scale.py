"""The bench at scale: what it reads, what it counts as missed, and its yardsticks over a store of a few rows."""

from __future__ import annotations

import asyncio
import json
import pathlib

from bench import figures
from bench.scale import fronts, gauges, loading, stepping
from bench.scale.size import Size
from hansa.model.resource import Record
from hansa.storage.sqlite import store as sqlite

METRICS = """\
# HELP hansa_site_up Whether the site answers: 1 or 0.
hansa_site_up{site="east"} 1.0
hansa_site_up{site="west"} 0.0
hansa_inventory_age_seconds{kind="server",site="east"} 2.5
hansa_inventory_age_seconds{kind="port",site="east"} 3.5
hansa_intents_open 4.0
"""


def test_metrics_are_read_by_name_and_label() -> None:
    seen = gauges.Gauges(METRICS)
    assert seen.sites('site_up') == {'east': 1.0, 'west': 0.0}
    assert seen.sites('inventory_age_seconds', kind='server') == {'east': 2.5}
    assert seen.sum('inventory_age_seconds') == 6.0
    assert seen.sum('intents_open') == 4.0


def test_a_league_that_does_not_listen_tells_nothing(tmp_path: pathlib.Path) -> None:
    assert gauges.read(tmp_path).sites('site_up') == {}


def test_what_was_not_measured_is_missed() -> None:
    told = fronts.measure()
    assert figures.missed(told) == []
    assert figures.missed(told, strict=True) == told
    assert json.loads(figures.line(told, strict=True))['met'] is False


def test_only_the_full_size_is_full() -> None:
    assert Size().full
    assert not Size(100, 1000).full
    assert not Size(1000, 1000).full


def test_the_yardsticks_of_the_store(tmp_path: pathlib.Path) -> None:
    (tmp_path / 'state').mkdir()
    asyncio.run(_fill(tmp_path / 'state'))
    loaded = loading.run(tmp_path / 'state', tmp_path / 'bulk')
    assert loaded.rows == 60
    assert loaded.rate > 0
    assert loaded.naive > 0
    assert loaded.document < 200 < loaded.bytes
    stepped = stepping.run(tmp_path / 'state')
    assert stepped.pages.keys() == {'first', 'middle', 'last'}
    assert all(ours > 0 and bare > 0 for ours, bare in stepped.pages.values())
    assert {figure.name for figure in stepping.counts(stepped)} == {'count_project_ms', 'count_site_ms', 'count_status_ms', 'count_project_site_and_status_ms'}


async def _fill(state: pathlib.Path) -> None:
    store = await sqlite.open_store(state)
    await store.put([_record(kind, site, number) for kind in ('server', 'port') for site in ('east', 'west') for number in range(15)])
    await store.close()


def _record(kind: str, site: str, number: int) -> Record:
    id, stamp = f'{kind}-{site}-{number}', f'2026-11-21T10:00:{number:02d}Z'
    doc = json.dumps({'id': id, 'status': 'ACTIVE', 'updated': stamp}).encode()
    return Record(site, kind, id, id, 'project', id, doc, 'ACTIVE', stamp, stamp, False, True, 0.0)
