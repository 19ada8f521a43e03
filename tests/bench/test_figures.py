"""The benchmark's verdicts: what is met, missed or not measured, and the line of JSON that says so."""

from __future__ import annotations

import json

from bench import figures

FIGURES = [
    figures.Figure('p50', 4.0, 'ms', 'p50 that is added', 5),
    figures.Figure('speed', 0.4, 'x', 'throughput', 0.5, at_least=True),
    figures.Figure('nova', None, 'x', 'against Nova', 10, at_least=True, note='no lab'),
    figures.Figure('size', 1234.5678, 'kB', 'size of the page'),
]


def test_a_goal_is_met_missed_or_not_measured() -> None:
    assert [one.met for one in FIGURES] == [True, False, None, None]
    assert [one.name for one in figures.missed(FIGURES)] == ['speed']


def test_the_line_holds_every_figure_and_its_goal() -> None:
    told = json.loads(figures.line(FIGURES))
    assert told['met'] is False
    assert told['figures']['p50'] == {'value': 4.0, 'unit': 'ms', 'goal': 5, 'at_least': False, 'met': True}
    assert told['figures']['nova'] == {'value': None, 'unit': 'x', 'goal': 10, 'at_least': True, 'met': None, 'note': 'no lab'}
    assert told['figures']['size'] == {'value': 1234.57, 'unit': 'kB'}


def test_people_read_the_same() -> None:
    text = figures.report(FIGURES)
    assert 'p50 that is added' in text
    assert '>= 0.5 x: MISSED' in text
    assert '>= 10 x: not measured' in text
    old = '# Title\n\nText.\n\n## other\n\nkept | as it was\n\n## lists\n\nold\n'
    page = figures.page(old, {'lists': FIGURES}, 'a machine')
    assert '| against Nova | - x | >= 10 x: not measured | no lab |' in page
    assert '\n## other\n\nkept | as it was\n\n## lists\n\nMeasured on a machine.\n' in page
    assert 'old' not in page
    assert figures.page(page, {}, '') == page
