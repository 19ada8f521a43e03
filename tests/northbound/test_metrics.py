"""What is counted, how it is told, and that the page, the alerts and the code speak of the same names."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import MutableMapping
from typing import Any

import pytest
import yaml
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from hansa.entry import pulse
from hansa.northbound.hall.metering import SECONDS
from hansa.northbound.metrics import words
from hansa.ports.tally import Spread
from hansa.sites.sim.fault import Fault
from tests import house, virtual
from tests.services import users
from tests.tidy import tree

C, V = '/compute/v2.1', '/volume/v3'
PROCESS = {
    'process_cpu_seconds_total', 'process_max_fds', 'process_open_fds', 'process_resident_memory_bytes', 'process_start_time_seconds',
    'process_virtual_memory_bytes',
}  # fmt: skip
ENDINGS = re.compile('_(bucket|sum|count)$')
Sample = tuple[str, frozenset[tuple[str, str]]]


async def text(league: house.League, **headers: str) -> str:
    status, told, body = await house.drive(league.house.hall, 'GET', '/metrics', headers, b'', local=True)
    assert (status, told['content-type'].partition(';')[0]) == (200, 'application/openmetrics-text' if headers else 'text/plain')
    return bytes(body).decode()


async def samples(league: house.League) -> dict[Sample, float]:
    await league.clock.sleep(1)
    found = text_string_to_metric_families(await text(league))
    return {(each.name, frozenset(each.labels.items())): each.value for family in found for each in family.samples}


def at(name: str, **labels: str) -> Sample:
    return f'hansa_{name}', frozenset(labels.items())


def test_requests_are_counted_by_their_sort() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            before = await samples(league)
            _, _, made = await users.boot(league, 's')
            for _ in range(3):
                await league.ok('GET', f'{C}/servers?name=a')
            await league.ok('GET', f'{C}/servers/{made["server"]["id"]}')
            await league.ask('GET', f'{C}/servers/nobody')
            await league.ask('PURGE', f'{C}/servers')
            await league.ask('GET', '/wp-admin/x')
            await league.ask('GET', '/identity/v3')
            after = await samples(league)

            def more(name: str, **labels: str) -> float:
                return after.get(at(name, **labels), 0) - before.get(at(name, **labels), 0)

            assert more('requests_total', api='compute', method='GET', route='listed', status='2xx') == 3
            assert more('requests_total', api='compute', method='POST', route='placed', status='2xx') == 1
            assert more('requests_total', api='compute', method='GET', route='routed', status='2xx') == 1
            assert more('requests_total', api='compute', method='GET', route='routed', status='4xx') == 1
            assert more('requests_total', api='compute', method='other', route='none', status='4xx') == 1
            assert more('requests_total', api='none', method='GET', route='none', status='4xx') == 1
            assert sum(value for (name, labels), value in after.items() if name == 'hansa_requests_total' and ('api', 'identity') in labels) == 1
            assert more('request_seconds_count', api='compute', route='listed') == 3
            assert more('request_seconds_bucket', api='compute', route='listed', le='+Inf') == 3
            assert after[at('requests_under_way')] == 1

    virtual.run(main)


def test_refusals_say_why() -> None:
    async def main() -> None:
        async with house.league('east', settings={'limits.connections': '1'}) as league:
            _, _, made = await users.boot(league, 's')
            path = f'{C}/servers/{made["server"]["id"]}'
            league.clouds['east'].fault = Fault('slow', seconds=2)
            inside = asyncio.create_task(league.ask('GET', path))
            await league.clock.sleep(0.5)
            assert (await league.ask('GET', path))[0] == 503
            assert (await league.ask('GET', '/healthcheck', token=''))[0] == 200
            assert (await samples(league))[at('requests_under_way')] == 2
            await inside
            league.clouds['east'].fault = Fault('refuse')
            await league.clock.sleep(30)
            assert (await league.ask('DELETE', path))[0] == 503
            found = await samples(league)
            reasons = {dict(labels)['reason']: value for (name, labels), value in found.items() if name == 'hansa_refusals_total' if ('api', 'compute') in labels}
            assert reasons == {'requests': 1, 'busy': 0, 'site': 1}
            assert found[at('site_up', site='east')] == 0
            assert found[at('inventory_age_seconds', site='east', kind='server')] > 25
            assert found[at('site_failures_total', site='east')] > 3

    virtual.run(main)


def test_a_client_that_leaves_is_counted_so() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            scope = {
                'type': 'http', 'method': 'POST', 'path': f'{V}/volumes', 'raw_path': f'{V}/volumes'.encode(), 'query_string': b'',
                'headers': [(b'x-auth-token', b'token-demo'), (b'content-length', b'10')], 'server': ('league.test', 80),
            }  # fmt: skip

            async def receive() -> dict[str, Any]:
                return {'type': 'http.disconnect'}

            async def send(message: MutableMapping[str, Any]) -> None:
                raise AssertionError(message)

            await league.house.hall(scope, receive, send)
            assert (await samples(league))[at('requests_total', api='volume', method='POST', route='placed', status='left')] == 1

    virtual.run(main)


def test_what_is_told_of_sites() -> None:
    async def main() -> None:
        async with house.league('east', 'west') as league:
            await users.boot(league, 's', zone='west')
            await league.clock.sleep(60)
            await league.ask('GET', f'{C}/servers', headers={'cache-control': 'no-cache'})
            found = await samples(league)
            for site in ('east', 'west'):
                assert found[at('site_up', site=site)] == 1
                assert found[at('inventory_age_seconds', site=site, kind='volume')] < 20
                for name in ('polls', 'sweeps', 'requests', 'bytes', 'records', 'batches'):
                    assert found[at(f'site_{name}_total', site=site)] > 0
                assert found[at('site_backlog', site=site)] == 0
            assert found[at('inventory_records', site='west', kind='server')] == 1
            assert at('inventory_records', site='east', kind='server') not in found
            assert found[at('inventory_drift', site='west', kind='server')] == 0
            assert found[at('cursor_lag_seconds', site='west', kind='server')] > 30
            assert found[at('intents_open')] == found[at('intents_oldest_seconds')] == 0
            assert found[at('store_waiting', lane='write')] == found[at('objects_owed', site='west')] == 0
            assert found['process_resident_memory_bytes', frozenset()] > 1e6

    virtual.run(main)


def test_both_forms_and_only_these_names() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            await users.boot(league, 's')
            await league.clock.sleep(60)
            plain = {family.name: family for family in text_string_to_metric_families(await text(league))}
            told = {family.name + ('_total' if family.type == 'counter' else ''): family.type for family in plain.values()}
            wanted = {metric.name: metric.type for metric in words.METRICS.values()}
            assert {name: type for name, type in told.items() if name not in PROCESS} == wanted
            assert told.keys() == wanted.keys() | PROCESS
            for family in plain.values():
                metric = words.METRICS.get(family.name + ('_total' if family.type == 'counter' else ''))
                for sample in family.samples if metric else ():
                    assert metric is not None
                    assert sample.labels.keys() - {'le'} == set(metric.labels)
            read: Any = openmetrics.text_string_to_metric_families
            open = read(await text(league, accept='application/openmetrics-text;version=1.0.0,text/plain;q=0.5'))
            assert {family.name for family in open} == plain.keys()

    virtual.run(main)


def test_it_is_made_anew_once_a_second_and_answered_nowhere_else() -> None:
    async def main() -> None:
        async with house.league('east') as league:
            first = await text(league)
            await league.ok('GET', f'{C}/servers')
            assert await text(league) == first
            await league.clock.sleep(1)
            assert await text(league) != first
            assert (await league.ask('GET', '/metrics', token='admin'))[0] == 404
            for method, path, wanted in (('POST', '/metrics', 405), ('GET', '/metrics/x', 404), ('HEAD', '/metrics', 200)):
                assert (await house.drive(league.house.hall, method, path, {}, b'', local=True))[0] == wanted

    virtual.run(main)


def test_the_loop_is_asked_how_late_it_is() -> None:
    async def main() -> None:
        clock = virtual.VirtualClock()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, virtual.VirtualLoop)
        lag = Spread(SECONDS)
        task = asyncio.create_task(pulse.watch(lag, clock))
        await clock.sleep(2.1)
        assert sum(lag.counts[1:]) == 0
        loop.moment += 0.4
        await clock.sleep(0.5)
        task.cancel()
        assert lag.total == pytest.approx(0.25, abs=0.2)
        assert sum(lag.counts[6:]) == 1

    virtual.run(main)


def test_a_spread_counts_a_bound_with_what_is_below_it() -> None:
    spread = Spread((1.0, 2.0))
    for value in (0.0, 1.0, 1.5, 2.0, 3.0):
        spread.add(value)
    assert (spread.counts, spread.total) == ([2, 2, 1], 7.5)


def test_the_page_has_every_metric_as_the_code_has_it() -> None:
    rows = [line for line in (tree.ROOT / 'docs/metrics.md').read_text().splitlines() if re.match(r'\| `(hansa|process)_', line)]
    own = [
        f'| `{metric.name}` | {metric.type} | {", ".join(f"`{label}`" for label in metric.labels)} | {metric.about} |'
        for metric in words.METRICS.values()
    ]
    assert rows[: len(own)] == own
    assert {re.findall('`(.*?)`', row)[0] for row in rows[len(own) :]} == PROCESS


def test_alerts_speak_of_metrics_that_there_are() -> None:
    groups = yaml.safe_load((tree.ROOT / 'deploy/prometheus/hansa.rules.yml').read_text())['groups']
    rules = [rule for group in groups for rule in group['rules']]
    assert len({rule['alert'] for rule in rules}) == len(rules) >= 8
    for rule in rules:
        assert rule.keys() == {'alert', 'expr', 'for', 'labels', 'annotations'}
        assert rule['annotations'].keys() == {'summary', 'description'}
        labels = {'instance', 'le'}
        for name in re.findall(r'\b(?:hansa|process)_\w+', rule['expr']):
            metric = words.METRICS.get(name) or words.METRICS[ENDINGS.sub('', name)]
            assert (metric.type == 'histogram') == (metric.name != name), name
            labels |= set(metric.labels)
        used = [word for part in re.findall(r'(?:by|on) \(([^)]*)\)', rule['expr']) for word in part.split(', ')]
        used += re.findall(r'(\w+)=~?"', rule['expr']) + re.findall(r'\$labels\.(\w+)', str(rule['annotations']))
        assert set(used) <= labels, (rule['alert'], used)
        assert rule['expr'].count('(') == rule['expr'].count(')')


@pytest.mark.skipif(shutil.which('promtool') is None, reason='promtool (Debian: prometheus) is not here')
def test_alerts_fire_on_what_they_are_for() -> None:
    done = subprocess.run(
        ['promtool', 'test', 'rules', 'hansa.rules.test.yml'], cwd=tree.ROOT / 'deploy/prometheus', capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
