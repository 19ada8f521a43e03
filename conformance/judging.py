"""What both sides' outcomes mean: counts, differences, and whether each difference has a reason."""

from __future__ import annotations

import pathlib
import re
import tomllib
from collections.abc import Mapping, Sequence

import msgspec

from conformance import results


class Reason(msgspec.Struct, frozen=True):
    """Why the tests whose id `tests` (a regular expression) finds end otherwise through a league."""

    tests: str
    reason: str


class Count(msgspec.Struct, frozen=True):
    """One service: tests with a result on both sides, and how they ended. `differ` passed directly and not through the league."""

    service: str
    tests: int
    direct: tuple[int, int, int]
    league: tuple[int, int, int]
    differ: int


class Difference(msgspec.Struct, frozen=True):
    """A test that passed directly and not through the league; `reason` '' where nobody gave one."""

    test: str
    state: str
    why: str
    reason: str


class Verdict(msgspec.Struct, frozen=True):
    """All of it. `stale` are reasons that no difference needs, `missing` tests without a result on one side."""

    counts: tuple[Count, ...]
    differences: tuple[Difference, ...]
    stale: tuple[Reason, ...]
    missing: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether every test has its result, every difference its reason, and every reason its difference."""
        return not (self.missing or self.stale or any(not each.reason for each in self.differences))


def reasons(file: pathlib.Path) -> list[Reason]:
    """The data file's `[[exception]]` entries. Raises msgspec.ValidationError, re.error."""
    found = msgspec.convert(tomllib.loads(file.read_text(encoding='utf-8')).get('exception', []), type=list[Reason])
    for each in found:
        re.compile(each.tests)
    return found


def judged(
    tests: Sequence[str],
    direct: Mapping[str, results.Outcome],
    league: Mapping[str, results.Outcome],
    known: Sequence[Reason],
    order: Sequence[str] = results.SERVICES,
) -> Verdict:
    """`tests` are those that were to be run; reasons that could only apply to others are left out of it. `order` is that of the counts."""
    extra = [id for id in league if id.endswith('.tearDownClass') and any(results.parent(test) == results.parent(id) for test in tests)]
    missing = [id for id in tests if id not in direct or id not in league]
    both = [id for id in tests if id in direct and id in league]
    failed = [id for id in both if direct[id].state == 'pass' and league[id].state != 'pass']
    failed += [id for id in extra if id not in direct]
    differences = [_difference(league[id], known) for id in sorted(failed)]
    needed = {each.reason for each in differences}
    stale = [one for one in known if one.reason not in needed and any(re.search(one.tests, id) for id in both)]
    services = [name for name in order if any(results.service(id) == name for id in both)]
    counts = [_count(name, [id for id in both if results.service(id) == name], direct, league, failed) for name in services]
    return Verdict(tuple(counts), tuple(differences), tuple(stale), tuple(missing))


def _difference(outcome: results.Outcome, known: Sequence[Reason]) -> Difference:
    id = results.shown(outcome.id)
    reason = next((one.reason for one in known if re.search(one.tests, id)), '')
    return Difference(id, outcome.state, outcome.why, reason)


def _count(
    name: str,
    ids: Sequence[str],
    direct: Mapping[str, results.Outcome],
    league: Mapping[str, results.Outcome],
    failed: Sequence[str],
) -> Count:
    differ = sum(results.service(id) == name for id in failed)
    return Count(name, len(ids), _states([direct[id] for id in ids]), _states([league[id] for id in ids]), differ)


def _states(outcomes: Sequence[results.Outcome]) -> tuple[int, int, int]:
    passed, failed, skipped = (sum(one.state == state for one in outcomes) for state in ('pass', 'fail', 'skip'))
    return passed, failed, skipped
