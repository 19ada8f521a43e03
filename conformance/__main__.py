"""The conformance run's command line: Tempest against a cloud of the lab and against a league over two; exit code 1 where
a difference has no reason, or something is left behind at the clouds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pathlib
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence

from conformance import facts, judging, remains, report, results, running, tools
from tests.lab import league

REASONS = pathlib.Path(__file__).with_name('reasons.toml')
CLOUDS = ('east', 'west')
SIDES = ('direct', 'league')
_CLEARING_SECONDS = 240.0
_PAUSE = 15.0


def main() -> int:
    """Run what is asked for, judge all that has a result."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    known = judging.reasons(REASONS)
    tools.install()
    options.results.mkdir(parents=True, exist_ok=True)
    files = {side: options.results / f'{side}.json' for side in SIDES}
    clouds = pathlib.Path(os.environ['LAB_CLOUDS'])
    cloud = facts.asked(clouds, f'{CLOUDS[0]}-admin')
    runner = running.Runner(options.results / 'direct', cloud)
    every = runner.tests(results.SERVICES, '')
    tests = _chosen(options, runner.tests(options.only or results.SERVICES, options.regex), files)
    left: list[str] = []
    if 'direct' in options.side:
        _run('direct', runner, _lacking(tests, files['direct']), files['direct'], options)
    if 'league' in options.side:
        with _league(options, clouds) as through:
            public = facts.asked(through, 'hansa-admin', cloud.public)
            before = remains.things(clouds, [f'{name}-admin' for name in CLOUDS])
            ids = tests if options.differing else _lacking(tests, files['league'])
            _run('league', running.Runner(options.results / 'league', public), ids, files['league'], options)
            left = _left(clouds, before, remains.own(REASONS), 'tempest' if options.busy else '')
    direct, through_league = (results.loaded(files[side]) for side in SIDES)
    judged = every if options.write else [id for id in every if id in set(tests) or id in direct or id in through_league]
    verdict = judging.judged(judged, direct, through_league, known)
    return _told(verdict, left, write=options.write or (len(judged) == len(every) and not verdict.missing))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='make tempest TEMPEST=...', description=__doc__)
    parser.add_argument('--only', action='append', choices=results.SERVICES, help='tests of this service alone; can be given again')
    parser.add_argument('--regex', default='', help='tests whose id this finds')
    parser.add_argument('--side', action='append', choices=SIDES, help='run this side alone')
    parser.add_argument('--add', action='store_true', help='keep the results of earlier runs, and run only what has none')
    parser.add_argument('--differing', action='store_true', help='of the kept results, run again what differs through the league')
    parser.add_argument('--direct', type=pathlib.Path, help='a file of direct results; what it holds is not run directly again')
    parser.add_argument('--through', type=pathlib.Path, help='clouds.yaml of a league that runs already (default: start one)')
    parser.add_argument('--busy', action='store_true', help='others use the lab meanwhile: only what is named tempest counts as left behind')
    parser.add_argument('--results', type=pathlib.Path, default=tools.HOME / 'results', help='where results are kept (default: %(default)s)')
    parser.add_argument('--write', action='store_true', help='write docs/conformance.md also where tests have no result yet')
    parser.add_argument('--workers', type=int, default=2, help='tests at the same time (default: 2)')
    parser.add_argument('--minutes', type=float, default=300, help='how long each side may take (default: 300)')
    options = parser.parse_args()
    options.side = options.side or SIDES
    options.add = options.add or options.differing
    if 'LAB_CLOUDS' not in os.environ:
        parser.error('LAB_CLOUDS names no clouds.yaml of the lab; lab/with sets it')
    return options


def _chosen(options: argparse.Namespace, tests: Sequence[str], files: Mapping[str, pathlib.Path]) -> list[str]:
    """The tests to run; results that are not to be kept are gone afterwards."""
    if not options.add:
        for file in files.values():
            file.unlink(missing_ok=True)
    if options.direct is not None:
        results.saved(files['direct'], {**results.loaded(files['direct']), **results.loaded(options.direct)})
    if not options.differing:
        return list(tests)
    direct, through = (results.loaded(files[side]) for side in SIDES)
    return [id for id in tests if id in direct and direct[id].state == 'pass' and id in through and through[id].state != 'pass']


def _lacking(tests: Sequence[str], file: pathlib.Path) -> list[str]:
    done = results.loaded(file)
    return [id for id in tests if id not in done]


def _run(side: str, runner: running.Runner, ids: Sequence[str], file: pathlib.Path, options: argparse.Namespace) -> None:
    if not ids:
        return
    print(f'== {side}: {len(ids)} tests', flush=True)
    try:
        runner.run(ids, options.workers, options.minutes * 60)
    finally:
        # What had ended when the run was stopped is not lost.
        results.saved(file, results.added(results.loaded(file), ids, runner.said()))


@contextlib.contextmanager
def _league(options: argparse.Namespace, clouds: pathlib.Path) -> Iterator[pathlib.Path]:
    """The clouds.yaml of a league over the lab's clouds."""
    if options.through is not None:
        yield options.through
        return
    # Two clouds, a league and Tempest on one machine: what is slow then is not dead.
    os.environ.setdefault('HANSA_PATIENCE', '5')
    with tempfile.TemporaryDirectory(prefix='hansa-tempest-') as folder:
        sites = ','.join(f'{name}={name}-admin' for name in CLOUDS)
        state = pathlib.Path(folder) / 'state'
        # Tempest makes hundreds of users; the clouds of the lab hash their passwords as cheaply.
        additions = state / 'keystone' / 'conf.d'
        additions.mkdir(parents=True, mode=0o700)
        (additions / 'lab.conf').write_text('[identity]\npassword_hash_rounds = 4\n', encoding='ascii')
        with league.serve(clouds, sites, state) as one:
            yield one.clouds


def _left(clouds: pathlib.Path, before: remains.Things, own: Sequence[remains.Own], word: str) -> list[str]:
    """What stays behind; servers take their time to go, and the league clears its shadows away by and by."""
    deadline = time.monotonic() + _CLEARING_SECONDS
    while True:
        left = remains.left(before, remains.things(clouds, [f'{name}-admin' for name in CLOUDS]), own, word)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_PAUSE)


def _told(verdict: judging.Verdict, left: Sequence[str], *, write: bool) -> int:
    print(report.table(verdict.counts))
    wrong = [*report.complaints(verdict), *(f'LEFT BEHIND: {each}' for each in left)]
    print('\n'.join(wrong or ['Every test that passes directly passes through the league, or has its reason why not.']))
    if write:
        report.written(report.page(verdict))
    else:
        print('docs/conformance.md is left as it was: not every test has a result on both sides.')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
