"""The verdict: what counts as a difference, which reasons are needed, and how it is told."""

from __future__ import annotations

import pathlib

from conformance import judging, remains, report
from conformance.results import Outcome

A, B, C, D = (f'tempest.api.{where}.test_x[id-1]' for where in ('compute.t.A', 'compute.t.B', 'volume.t.C', 'volume.t.D'))
DIRECT = {A: Outcome(A, 'pass'), B: Outcome(B, 'pass'), C: Outcome(C, 'fail'), D: Outcome(D, 'skip')}
TORN = 'tempest.api.compute.t.A.tearDownClass'


def test_what_passes_on_both_sides_is_good() -> None:
    verdict = judging.judged([A, B, C, D], DIRECT, dict(DIRECT), [])
    assert verdict.good
    assert [(each.service, each.tests, each.direct, each.differ) for each in verdict.counts] == [
        ('compute', 2, (2, 0, 0), 0),
        ('volume', 2, (0, 1, 1), 0),
    ]


def test_a_difference_needs_a_reason() -> None:
    league = {**DIRECT, A: Outcome(A, 'fail', 1.0, 'boom'), B: Outcome(B, 'skip', 0.0, 'not offered')}
    known = [judging.Reason(r'\.t\.A\.test_x$', 'such is life')]
    verdict = judging.judged([A, B, C, D], DIRECT, league, known)
    assert [(each.state, each.why, each.reason) for each in verdict.differences] == [
        ('fail', 'boom', 'such is life'),
        ('skip', 'not offered', ''),
    ]
    assert not verdict.good
    assert report.complaints(verdict) == ['NO REASON: tempest.api.compute.t.B.test_x (skip): not offered']
    assert judging.judged([A, C, D], DIRECT, league, known).good


def test_what_fails_directly_is_no_measure() -> None:
    league = {**DIRECT, C: Outcome(C, 'pass'), D: Outcome(D, 'fail')}
    assert judging.judged([A, B, C, D], DIRECT, league, []).good


def test_a_reason_that_nothing_needs_is_stale_where_its_tests_were_judged() -> None:
    known = [judging.Reason(r'\.volume\.', 'long ago')]
    assert judging.judged([A, B], DIRECT, dict(DIRECT), known).good
    verdict = judging.judged([A, B, C], DIRECT, dict(DIRECT), known)
    assert not verdict.good
    assert report.complaints(verdict) == [r'STALE: no difference needs the reason for \.volume\.']


def test_a_test_without_a_result_is_missing() -> None:
    verdict = judging.judged([A, B], DIRECT, {A: DIRECT[A]}, [])
    assert verdict.missing == (B,)
    assert not verdict.good


def test_what_cannot_be_cleared_away_through_the_league_alone_is_a_difference() -> None:
    torn = Outcome(TORN, 'fail', 0.0, 'left')
    assert [each.test for each in judging.judged([A], DIRECT, {**DIRECT, TORN: torn}, []).differences] == [TORN]
    assert judging.judged([A], {**DIRECT, TORN: torn}, {**DIRECT, TORN: torn}, []).good
    assert judging.judged([C], DIRECT, {**DIRECT, TORN: torn}, []).good


def test_reasons_are_read_and_the_projects_own_are_sound(tmp_path: pathlib.Path) -> None:
    file = tmp_path / 'reasons.toml'
    file.write_text("[[exception]]\ntests = '^a$'\nreason = 'b'\n", encoding='utf-8')
    assert judging.reasons(file) == [judging.Reason('^a$', 'b')]
    own = judging.reasons(pathlib.Path(judging.__file__).with_name('reasons.toml'))
    assert all(each.reason.endswith('.') for each in own)


def test_it_is_told_side_by_side_and_as_a_page() -> None:
    league = {**DIRECT, A: Outcome(A, 'fail', 1.0, 'boom'), B: Outcome(B, 'fail')}
    verdict = judging.judged([A, B, C, D], DIRECT, league, [judging.Reason('A', 'such is life')])
    lines = [line.split() for line in report.table(verdict.counts).splitlines()]
    assert ['compute', '2', '2', '0', '0', '0', '2', '0', '2'] in lines
    assert lines[-1] == ['all', '4', '2', '1', '1', '0', '3', '1', '2']
    page = report.page(verdict)
    assert '| compute | 2 | 2 | 0 | 0 | 0 | 2 | 0 | 2 |' in page
    assert '| `compute.t.A.test_x` | such is life |' in page
    assert '| `compute.t.B.test_x` | **none given yet** |' in page


def test_what_is_left_behind_is_what_was_not_there_before() -> None:
    before = {'east-admin servers 1': 'old'}
    after = {**before, 'east-admin servers 2': 'tempest-x', 'west-admin volumes 3': ''}
    assert remains.left(before, after, []) == ['east-admin servers 2 tempest-x', 'west-admin volumes 3']
    assert remains.left(before, after, [], 'tempest') == ['east-admin servers 2 tempest-x']
    assert remains.left(before, after, [remains.Own(r'^west-\S+ volumes', 'its own')]) == ['east-admin servers 2 tempest-x']
