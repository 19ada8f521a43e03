"""The command line of the bench at scale: measure, tell people, end with one line of JSON; exit code 1 where a goal is missed or was not measured."""

from __future__ import annotations

import argparse
import pathlib
import shutil
import sys
import tempfile

from bench import __main__ as plain
from bench import figures
from bench.scale import growing, loading, stand
from bench.scale.size import SERVERS, SITES, Size

PARTS = ('growing',)


def main() -> int:
    """Measure what is asked for."""
    options = _options()
    size = Size(options.sites, options.servers)
    if not size.full:
        print(f'ONLY {size}: smaller than what the goals are for, and never written into the documents.', flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix='hansa-scale-', dir=options.folder))
    try:
        parts = _measured(folder, size, options.only or PARTS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.write and size.full:
        plain.PAGE.write_text(figures.page(plain.PAGE.read_text(encoding='utf-8'), parts, plain.machine()), encoding='utf-8')
    told = [figure for part in parts.values() for figure in part]
    for one in figures.missed(told, strict=True):
        print(f'MISSED: {one.about}: {figures.shown(one.value)} {one.unit}, goal {one.goal:g}')
    print(figures.line(told, strict=True))
    return 1 if figures.missed(told, strict=True) else 0


def _measured(folder: pathlib.Path, size: Size, wanted: tuple[str, ...]) -> dict[str, list[figures.Figure]]:
    parts: dict[str, list[figures.Figure]] = {}
    with stand.standing(folder, size) as on:
        cold = growing.measure(on)
        print(figures.report(cold), flush=True)
    bulk = loading.run(folder / 'state', folder / 'bulk')
    parts['growing'] = growing.compared(cold, bulk)
    print(figures.report(parts['growing']), flush=True)
    return parts


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m bench.scale', description=__doc__)
    parser.add_argument('--only', action='append', choices=PARTS, help='measure this part alone; can be given again')
    parser.add_argument('--sites', type=int, default=SITES, help=f'sites (default: {SITES})')
    parser.add_argument('--servers', type=int, default=SERVERS, help=f'servers at each (default: {SERVERS})')
    parser.add_argument('--folder', default='/var/tmp', help='where the state goes meanwhile, 5 GB in full size (default: /var/tmp)')  # noqa: S108
    parser.add_argument('--write', action='store_true', help='write what was measured into docs/performance.md, where it is the full size')
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
