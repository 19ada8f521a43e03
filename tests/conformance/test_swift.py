"""Swift's functional tests: what they are told of a cloud, what is left out, and that each run keeps to its own part of the page."""

from __future__ import annotations

import re
import tomllib

from conformance import judging, people, report, swift, swifttests
from conformance.results import Outcome

OWNER = people.Person(1, 'p1', 'u1', 'hush')
STRANGER = people.Person(4, 'p4', 'u4', 'hush', 'elsewhere')
A, B = 'test.functional.tests.TestA.test_a', 'test.functional.test_slo.TestB.test_b'


def test_each_user_has_his_number() -> None:
    told = swifttests.conf('http://cloud.test/v3', [OWNER, STRANGER])
    assert (told['auth_uri'], told['auth_version']) == ('http://cloud.test/v3/', '3')
    assert (told['account'], told['username'], told['domain']) == ('p1', 'u1', 'Default')
    assert (told['account4'], told['username4'], told['domain4']) == ('p4', 'u4', 'elsewhere')
    assert 'hush' not in repr(OWNER)


def test_what_is_left_out_and_what_differs_has_its_reason() -> None:
    kept = tomllib.loads(swift.REASONS.read_text(encoding='utf-8'))
    assert all(each['reason'] and re.compile(each['tests']) for each in kept['slow'])
    assert all(each.reason for each in judging.reasons(swift.REASONS))


def test_a_verdict_counts_by_module() -> None:
    direct = {id: Outcome(id, 'pass') for id in (A, B)}
    verdict = judging.judged([A, B], direct, {**direct, B: Outcome(B, 'fail', why='5 != 4')}, [], ['test_slo', 'tests'])
    assert [(each.service, each.differ) for each in verdict.counts] == [('test_slo', 1), ('tests', 0)]
    assert '| `test_slo.TestB.test_b` | **none given yet** |' in report.objects(verdict)


def test_a_part_takes_the_place_of_its_own_alone() -> None:
    page = report.joined('', '# One\n\nfirst\n\n## within\n')
    page = report.joined(page, '# Two\n\nsecond\n')
    assert report.joined(page, '# One\n\nthird\n') == '# One\n\nthird\n\n# Two\n\nsecond\n'


def test_clients_are_told_with_what_they_did() -> None:
    told = report.clients(1000, 5_000_000, 2, 1 << 30, [('swift', 'copy', 50.0, 'ok')])
    assert '1,000 objects (5 MB) and 2 of 1,024 MiB' in told
    assert '| swift | copy | 50 s | 20 | ok |' in told
