"""The command line of the bench at scale: measure, tell people, end with one line of JSON; exit code 1 where a goal is missed or was not measured."""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection

from bench import __main__ as plain
from bench import figures, nova
from bench.figures import Figure
from bench.scale import crowd, fronts, growing, life, loading, pages, stand, stepping, storm
from bench.scale.size import SERVERS, SITES, Size

PARTS = ('growing', 'pages', 'counts', 'life', 'storm', 'crowd', 'fronts')
_STANDING = ('growing', 'pages', 'life', 'storm', 'crowd')

Parts = dict[str, list[Figure]]


def main() -> int:
    """Measure what is asked for."""
    options = _options()
    size = Size(options.sites, options.servers)
    if not size.full:
        print(f'ONLY {size}: smaller than what the goals are for, and never written into the documents.', flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix='hansa-scale-', dir=options.folder))
    try:
        found = _measured(folder, size, options, options.only or PARTS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.write and size.full:
        named = {f'scale: {name}': part for name, part in found.items()}
        plain.PAGE.write_text(figures.page(plain.PAGE.read_text(encoding='utf-8'), named, plain.machine()), encoding='utf-8')
    told = [figure for part in found.values() for figure in part]
    for one in figures.missed(told, strict=True):
        print(f'MISSED: {one.about}: {figures.shown(one.value)} {one.unit}, goal {one.goal:g}')
    print(figures.line(told, strict=True))
    return 1 if figures.missed(told, strict=True) else 0


def _measured(folder: pathlib.Path, size: Size, options: argparse.Namespace, wanted: Collection[str]) -> Parts:
    """First what needs a league that runs, then what its store and the yardsticks tell after its end."""
    found: Parts = {}
    if {*_STANDING, 'counts'} & set(wanted):
        with stand.standing(folder, size) as on:
            acts: dict[str, Callable[[], list[Figure]]] = {
                'growing': lambda: growing.measure(on),
                'pages': lambda: pages.measure(on, folder, options.seconds, _nova(options)),
                'life': lambda: life.measure(on, options.life_seconds),
                'storm': lambda: storm.measure(on, options.seconds),
                'crowd': lambda: crowd.measure(on, options.crowd_seconds),
            }
            # Whatever is measured, the league has to know all sites first.
            found |= {name: _told(name, acts[name]) for name in _STANDING if name in wanted or name == 'growing'}
        found |= _afterwards(folder, found, wanted)
    if 'fronts' in wanted:
        found['fronts'] = _told('fronts', lambda: fronts.measure(folder / 'fronts', options.seconds))
    return {name: found[name] for name in PARTS if name in found and name in wanted}


def _afterwards(folder: pathlib.Path, found: Parts, wanted: Collection[str]) -> Parts:
    state, told = folder / 'state', dict[str, list[Figure]]()
    if {'growing', 'storm'} & set(wanted):
        bulk = loading.run(state, folder / 'bulk')
        told['growing'] = _told('growing', lambda: growing.compared(found['growing'], bulk))
        if 'storm' in wanted:
            told['storm'] = _told('storm', lambda: storm.compared(found['storm'], bulk))
    if {'pages', 'counts'} & set(wanted):
        steps = stepping.run(state)
        if 'pages' in wanted:
            told['pages'] = _told('pages', lambda: [*found['pages'], *stepping.pages(steps)])
        told['counts'] = _told('counts', lambda: stepping.counts(steps))
    return told


def _told(name: str, measure: Callable[[], list[Figure]]) -> list[Figure]:
    """What broke is a goal that is missed, and the other parts go on."""
    print(f'== {name}', flush=True)
    try:
        found = measure()
    except (OSError, RuntimeError, ValueError) as error:
        found = [Figure(f'{name}_broke', None, '', f'{name}: all of it', 0, note=str(error)[:300])]
    print(figures.report(found), flush=True)
    return found


def _nova(options: argparse.Namespace) -> nova.Source | None:
    file = os.environ.get('LAB_CLOUDS')
    return nova.Source(pathlib.Path(file), options.nova, options.nova_servers) if file else None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m bench.scale', description=__doc__)
    parser.add_argument('--only', action='append', choices=PARTS, help='measure this part alone; can be given again')
    parser.add_argument('--sites', type=int, default=SITES, help=f'sites (default: {SITES})')
    parser.add_argument('--servers', type=int, default=SERVERS, help=f'servers at each (default: {SERVERS})')
    parser.add_argument('--seconds', type=float, default=5, help='how long each load lasts (default: 5)')
    parser.add_argument('--life-seconds', type=float, default=60, help='how long steady life is looked at, twice (default: 60)')
    parser.add_argument('--crowd-seconds', type=float, default=120, help='how long each crowd stays (default: 120)')
    parser.add_argument('--folder', default='/var/tmp', help='where the state goes meanwhile, 8 GB in full size (default: /var/tmp)')  # noqa: S108 - a folder of its own is made in it
    parser.add_argument('--nova', default='east', help='cloud of the lab (LAB_CLOUDS) to compare pages with (default: east)')
    parser.add_argument('--nova-servers', type=int, default=100, help='servers to give it; each takes a lab Nova a second (default: 100)')
    parser.add_argument('--write', action='store_true', help='write what was measured into docs/performance.md, where it is the full size')
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
