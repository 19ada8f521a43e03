"""Outcomes add up: partial runs, classes that could not be set up or cleared away, lines cut off."""

from __future__ import annotations

import pathlib

from conformance import results
from conformance.results import Outcome

ONE = 'tempest.api.compute.test_a.ClassA.test_one[id-1,smoke]'
TWO = 'tempest.api.compute.test_a.ClassA.test_two[id-2]'
OTHER = 'tempest.api.volume.test_b.ClassB.test_three[id-3]'


def test_a_run_replaces_what_it_ran_and_keeps_the_rest() -> None:
    known = {ONE: Outcome(ONE, 'fail'), OTHER: Outcome(OTHER, 'pass')}
    whole = results.added(known, [ONE, TWO], [Outcome(ONE, 'pass')])
    assert {id: one.state for id, one in whole.items()} == {ONE: 'pass', OTHER: 'pass'}


def test_what_was_selected_and_did_not_end_has_no_result() -> None:
    assert results.added({ONE: Outcome(ONE, 'pass')}, [ONE], []) == {}


def test_a_class_that_is_not_set_up_takes_its_tests_along() -> None:
    name = 'tempest.api.compute.test_a.ClassA'
    for state in ('fail', 'skip'):
        said = [Outcome(f'setUpClass ({name})', 'skip' if state == 'skip' else 'fail', 1.0, 'because')]
        whole = results.added({}, [ONE, TWO, OTHER], said)
        assert {id: (one.id, one.state, one.why) for id, one in whole.items()} == {
            ONE: (ONE, state, 'because'),
            TWO: (TWO, state, 'because'),
        }


def test_a_class_that_is_not_cleared_away_is_a_failure_of_its_own_until_it_is() -> None:
    torn = 'tempest.api.compute.test_a.ClassA.tearDownClass'
    said = [Outcome(ONE, 'pass'), Outcome('tearDownClass (tempest.api.compute.test_a.ClassA)', 'fail', 1.0, 'left')]
    whole = results.added({}, [ONE], said)
    assert whole[torn] == Outcome(torn, 'fail', 1.0, 'left')
    assert torn not in results.added(whole, [ONE], [Outcome(ONE, 'pass')])


def test_a_line_that_was_cut_off_is_passed_over() -> None:
    lines = [b'{"id": "a", "state": "pass", "seconds": 0.5, "why": "", "log": ""}\n', b'{"id": "b", "sta']
    assert results.told(lines) == [Outcome('a', 'pass', 0.5)]


def test_results_are_kept(tmp_path: pathlib.Path) -> None:
    file = tmp_path / 'direct.json'
    assert results.loaded(file) == {}
    results.saved(file, {ONE: Outcome(ONE, 'skip', 0.1, 'no')})
    assert results.loaded(file) == {ONE: Outcome(ONE, 'skip', 0.1, 'no')}


def test_words_of_an_id() -> None:
    assert results.shown(ONE) == 'tempest.api.compute.test_a.ClassA.test_one'
    assert results.parent(ONE) == 'tempest.api.compute.test_a.ClassA'
    assert results.service(OTHER) == 'volume'
