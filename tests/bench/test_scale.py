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
    told = [figures.Figure('fronts_broke', None, '', 'all of it', 0)]
    assert figures.missed(told) == []
    assert figures.missed(told, strict=True) == told
    assert json.loads(figures.line(told, strict=True))['met'] is False


def test_two_fronts_are_judged_by_the_goal_where_the_cores_allow_it() -> None:
    cores = [fronts.Cores(100, 400)] * 3
    assert _judged(1000, 1750, 1.0, cores) == ({'fronts_ratio': True}, 2.0)
    assert _judged(1000, 1650, 1.0, cores) == ({'fronts_ratio': False}, 2.0)


def test_two_fronts_are_judged_by_the_cores_where_these_end_before() -> None:
    cores = [fronts.Cores(100, 195)] * 3
    assert _judged(1000, 1150, 1.5, cores) == ({'fronts_share': True}, 1.3)
    assert _judged(1000, 1100, 1.5, cores) == ({'fronts_share': False}, 1.3)


def test_busy_processes_have_some_of_the_cores() -> None:
    assert fronts.busy(0.05).got > 0


def _judged(one: float, two: float, taken: float, cores: list[fronts.Cores]) -> tuple[dict[str, bool | None], float]:
    """What has a goal and whether it is met, and the ceiling."""
    told = {each.name: each for each in fronts.figures([fronts.Run(one, 1.0, {'front1': taken})] * 3, [fronts.Run(two, 1.0, {'front1': 2.0})] * 3, cores)}
    ceiling = told['fronts_ceiling'].value
    assert ceiling is not None
    return {name: each.met for name, each in told.items() if each.goal is not None}, round(ceiling, 6)


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
