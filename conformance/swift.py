"""The command line of the object store's conformance run: Swift's own functional tests against a Swift of the lab and through a league over two;
exit code 1 where a difference has no reason.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import re
import signal
import sys
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Sequence

import yaml

from conformance import judging, people, report, results, swifttests
from tests.lab import league, toolbox

REASONS = pathlib.Path(__file__).with_name('swift.toml')
CLOUDS = ('east', 'west')
SIDES = ('direct', 'league')
DOOR = '/object'
PREFERRED = {1: 'east', 2: 'west', 4: 'east'}
"""Where the tests' owners want their containers: links, versions and segments stay at one site, and the tests know of none."""


def main() -> int:
    """Run what is asked for on both sides at once, judge all that has a result."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    known = judging.reasons(REASONS)
    files = {side: options.results / f'{side}.json' for side in SIDES}
    slow = [re.compile(each['tests']) for each in tomllib.loads(REASONS.read_text(encoding='utf-8')).get('slow', [])]
    every = [id for id in swifttests.every(toolbox.installed('objects')) if not any(one.search(id) for one in slow)]
    tests = [id for id in every if re.search(options.regex, id)]
    if options.differing:
        direct, through = (results.loaded(files[side]) for side in SIDES)
        tests = [id for id in tests if id in direct and direct[id].state == 'pass' and id in through and through[id].state != 'pass']
    elif not options.add:
        for file in files.values():
            file.unlink(missing_ok=True)
    with contextlib.ExitStack() as stack:
        sides = {side: stack.enter_context(_side(side, options)) for side in options.side}
        _run(sides, tests, files, options.minutes * 60, again=options.differing)
    direct, through = (results.loaded(files[side]) for side in SIDES)
    judged = every if options.write else [id for id in every if id in direct or id in through]
    verdict = judging.judged(judged, direct, through, known, list(dict.fromkeys(results.service(id) for id in every)))
    print(report.table(verdict.counts))
    wrong = report.complaints(verdict)
    print('\n'.join(wrong or ['Every test that passes directly passes through the league, or has its reason why not.']))
    if options.write or (len(judged) == len(every) and not verdict.missing):
        report.written(report.objects(verdict))
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='make swift-functional SWIFT=...', description=__doc__)
    parser.add_argument('--regex', default='', help='tests whose id this finds')
    parser.add_argument('--side', action='append', choices=SIDES, help='run this side alone')
    parser.add_argument('--add', action='store_true', help='keep the results of earlier runs, and run only what has none')
    parser.add_argument('--differing', action='store_true', help='of the kept results, run again what differs; best with --side league')
    parser.add_argument('--through', type=pathlib.Path, help='clouds.yaml of a league that runs already (default: start one)')
    parser.add_argument('--sites', default=','.join(f'{name}={name}-admin' for name in CLOUDS), help='sites of the league (default: %(default)s)')
    parser.add_argument('--results', type=pathlib.Path, default=toolbox.HOME / 'swift-functional', help='where results are kept (default: %(default)s)')
    parser.add_argument('--write', action='store_true', help='write docs/conformance.md also where tests have no result yet')
    parser.add_argument('--minutes', type=float, default=15, help='how long it may take (default: 15)')
    options = parser.parse_args()
    options.side = options.side or SIDES
    options.results.mkdir(parents=True, exist_ok=True)
    if 'LAB_CLOUDS' not in os.environ:
        parser.error('LAB_CLOUDS names no clouds.yaml of the lab; lab/with sets it')
    return options


@contextlib.contextmanager
def _side(side: str, options: argparse.Namespace) -> Iterator[swifttests.Run]:
    """The tests of one side, with their users."""
    lab = pathlib.Path(os.environ['LAB_CLOUDS'])
    with contextlib.ExitStack() as stack:
        clouds, entry, door = (lab, f'{CLOUDS[0]}-admin', '')
        if side == 'league':
            clouds, entry, door = options.through or stack.enter_context(_league(lab, options.sites)), 'hansa-admin', DOOR
        url = yaml.safe_load(clouds.read_text(encoding='utf-8'))['clouds'][entry]['auth']['auth_url']
        users = stack.enter_context(people.made(clouds, entry, PREFERRED if door else {}))
        yield swifttests.Run(options.results / side, toolbox.installed('objects'), url, users, door)


@contextlib.contextmanager
def _league(lab: pathlib.Path, sites: str) -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory(prefix='hansa-swift-') as folder, league.serve(lab, sites, pathlib.Path(folder) / 'state', patience=5) as one:
        yield one.clouds


def _run(sides: dict[str, swifttests.Run], tests: Sequence[str], files: dict[str, pathlib.Path], seconds: float, *, again: bool) -> None:
    chosen = {side: [id for id in tests if again or id not in results.loaded(files[side])] for side in sides}
    print('\n'.join(f'== {side}: {len(ids)} tests' for side, ids in chosen.items()), flush=True)
    threads = [threading.Thread(target=run.play, args=(chosen[side], seconds)) for side, run in sides.items() if chosen[side]]
    try:
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    finally:
        # What had ended when the run was stopped is not lost.
        for run in sides.values():
            run.end()
        for each in threads:
            each.join()
        for side, run in sides.items():
            said = run.said()
            heard = {one.id for one in said}
            ended = [id for id in chosen[side] if id in heard or f'setUpClass ({results.parent(id)})' in heard]
            results.saved(files[side], results.added(results.loaded(files[side]), ended, said))


if __name__ == '__main__':
    sys.exit(main())
