"""The benchmark's command line: measure, tell people, end with one line of JSON; exit code 1 where a goal is missed."""

from __future__ import annotations

import argparse
import datetime
import os
import pathlib
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence

from bench import crowd, figures, holdings, latency, lists, metering, nova, objects, processes, rig, streams

PARTS = ('routed', 'streams', 'objects', 'lists', 'accounts', 'crowd', 'metrics')
PAGE = processes.ROOT / 'docs' / 'performance.md'
OVER_A_SITE = ('routed', 'streams', 'objects', 'lists')


def main() -> int:
    """Measure what is asked for."""
    options = _options()
    parts: dict[str, list[figures.Figure]] = {}
    wanted = options.only or PARTS
    with tempfile.TemporaryDirectory(prefix='hansa-bench-') as folder:
        parts |= _over_one_site(pathlib.Path(folder), options, [name for name in wanted if name in OVER_A_SITE])
        if 'accounts' in wanted:
            parts['accounts'] = _told('accounts', lambda: holdings.measure(pathlib.Path(folder) / 'accounts', options.seconds, options.containers))
        if 'crowd' in wanted:
            parts['crowd'] = _told('crowd', lambda: crowd.measure(pathlib.Path(folder) / 'crowd', options.crowd_seconds))
    if 'metrics' in wanted:
        parts['metrics'] = _told('metrics', metering.measure)
    if options.write:
        PAGE.write_text(figures.page(PAGE.read_text(encoding='utf-8'), parts, machine()), encoding='utf-8')
    told = [figure for part in parts.values() for figure in part]
    for one in figures.missed(told):
        print(f'MISSED: {one.about}: {figures.shown(one.value)} {one.unit}, goal {one.goal:g}')
    print(figures.line(told))
    return 1 if figures.missed(told) else 0


def _over_one_site(folder: pathlib.Path, options: argparse.Namespace, wanted: Sequence[str]) -> dict[str, list[figures.Figure]]:
    """What is measured on one rig."""
    if not wanted:
        return {}
    with rig.standing(folder) as on:
        # Lists come last: ten thousand servers at the site would be work for it in all that follows.
        parts: dict[str, Callable[[], list[figures.Figure]]] = {
            'routed': lambda: latency.measure(on, options.seconds),
            'streams': lambda: streams.measure(on, options.mib << 20),
            'objects': lambda: objects.measure(on, options.seconds, options.mib << 20),
            'lists': lambda: lists.measure(on, options.seconds, options.servers, _nova(options)),
        }
        return {name: _told(name, parts[name]) for name in wanted}


def _told(name: str, measure: Callable[[], list[figures.Figure]]) -> list[figures.Figure]:
    print(f'== {name}', flush=True)
    found = measure()
    print(figures.report(found), flush=True)
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m bench', description=__doc__)
    parser.add_argument('--only', action='append', choices=PARTS, help='measure this part alone; can be given again')
    parser.add_argument('--seconds', type=float, default=5, help='how long each load lasts (default: 5)')
    parser.add_argument('--mib', type=int, default=1024, help='size of the image and the object that are streamed (default: 1024)')
    parser.add_argument('--servers', type=int, default=10_000, help='servers in the inventory (default: 10000)')
    parser.add_argument('--containers', type=int, default=10_000, help='containers in the account that is listed (default: 10000)')
    parser.add_argument('--crowd-seconds', type=float, default=600, help='how long the crowd stays (default: 600)')
    parser.add_argument('--nova', default='east', help='cloud of the lab to compare lists with (default: east)')
    parser.add_argument('--nova-servers', type=int, default=100, help='servers to give it; each takes a lab Nova a second (default: 100)')
    parser.add_argument('--write', action='store_true', help='write what was measured into docs/performance.md')
    return parser.parse_args()


def _nova(options: argparse.Namespace) -> nova.Source | None:
    file = os.environ.get('LAB_CLOUDS')
    return nova.Source(pathlib.Path(file), options.nova, options.nova_servers) if file else None


def machine() -> str:
    """What it ran on, and when."""
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f'{os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}, {day}'


if __name__ == '__main__':
    sys.exit(main())
