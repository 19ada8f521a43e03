"""What moves, when to look again, and from when on to ask."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.rules import diff

PACE = diff.Pace()


@pytest.mark.parametrize(
    ('kind', 'status', 'doc', 'moves'),
    [
        ('server', 'BUILD', {}, True),
        ('server', 'ACTIVE', {'OS-EXT-STS:task_state': 'deleting'}, True),
        ('server', 'ACTIVE', {'OS-EXT-STS:task_state': None}, False),
        ('server', 'VERIFY_RESIZE', {}, False),
        ('volume', 'extending', {}, True),
        ('volume', 'in-use', {}, False),
        ('snapshot', 'creating', {}, True),
        ('image', 'saving', {}, True),
        ('port', 'BUILD', {}, True),
        ('port', 'DOWN', {}, False),
        ('flavor', 'BUILD', {}, False),
    ],
)
def test_what_is_on_its_way(kind: str, status: str, doc: dict[str, object], moves: bool) -> None:
    assert diff.moving(kind, {'status': status, **doc}) is moves


def test_what_is_on_its_way_out() -> None:
    assert diff.leaving({'status': 'deleting'})
    assert not diff.leaving({'status': 'creating'})


def test_a_list_is_read_again_soon_and_the_dearer_it_is_the_later() -> None:
    assert (diff.again(0.01), diff.again(4.0)) == (2.0, 80.0)


def test_haste_goes_before_quiet() -> None:
    assert diff.period(PACE, in_transition=True, quiet_s=1e9) == 1.5
    assert diff.period(PACE, in_transition=False, quiet_s=1.0) == 8.0
    assert diff.period(PACE, in_transition=False, quiet_s=61.0) == 12.0


@pytest.mark.parametrize(
    ('round_s', 'small', 'seconds'),
    [(0.1, True, 8.0), (1.9, True, 10.0), (3.0, True, 60.0), (0.1, False, 8.0), (10.0, False, 200.0), (99.0, False, 600.0)],
)
def test_sweeps_take_a_twentieth_of_the_time_and_never_wait_over_ten_minutes(
    round_s: float, small: bool, seconds: float
) -> None:
    assert diff.sweep_period(PACE, round_s, small) == pytest.approx(seconds)


def test_where_many_sites_are_followed_each_is_asked_later() -> None:
    many = diff.Pace(among=100)
    assert diff.period(many, in_transition=True, quiet_s=0) == pytest.approx(7.0)
    assert diff.period(many, in_transition=False, quiet_s=0) == 8.0
    assert diff.period(many, in_transition=False, quiet_s=61.0) == 30.0
    assert diff.period(many, in_transition=False, quiet_s=61.0, seldom=True) == 60.0
    # What moves is not asked later than what rests.
    assert diff.period(diff.Pace(among=1000), in_transition=True, quiet_s=0) == 8.0


def test_complete_lists_of_many_sites_do_not_take_a_core() -> None:
    many, work_s = diff.Pace(among=100), diff.work(13, 1000, deep=False)
    assert diff.sweep_period(PACE, 0.3, small=True, work_s=work_s) == 8.0
    wait = diff.sweep_period(many, 0.3, small=True, work_s=work_s)
    assert 100 * work_s / wait == pytest.approx(diff.OWN_SHARE)
    assert diff.sweep_period(many, 0.3, small=False, work_s=10 * work_s) == diff.SLOWEST_S


def test_long_lists_are_read_as_a_whole_once_a_day_at_least() -> None:
    work_s = diff.work(10, 10_000, deep=True)
    assert diff.deep_period(PACE, 2.0, work_s) == diff.SLOWEST_S
    assert diff.deep_period(diff.Pace(among=10), 2.0, work_s) == pytest.approx(10 * work_s / diff.DEEP_SHARE)
    assert diff.deep_period(diff.Pace(among=1000), 2.0, work_s) == diff.DAY_S


def test_the_cursor_is_the_latest_stamp_less_the_overlap_and_the_time_that_it_took() -> None:
    stamps = ['2026-11-21T10:00:00.000000', '', '2026-11-21T10:01:00.000000']
    assert diff.cursor('', stamps, 5.0) == '2026-11-21T10:00:25.000000'


def test_a_stamp_from_the_future_does_not_move_the_cursor_beyond_the_clock_of_the_site() -> None:
    assert diff.cursor('', ['2036-01-01T00:00:00.000000'], 0.0, '2026-11-21T10:01:00.000000') == '2026-11-21T10:00:30.000000'


def test_without_stamps_the_cursor_stays() -> None:
    assert diff.cursor('2026-11-21T10:00:00.000000', ['', ''], 0.0) == '2026-11-21T10:00:00.000000'


moments = st.datetimes(datetime.datetime(2020, 1, 1), datetime.datetime(2030, 1, 1))  # noqa: DTZ001  # stamps have no zone


@given(moments, st.lists(moments, min_size=1), st.floats(0, 1e5))
def test_the_cursor_never_goes_back_and_never_passes_what_was_seen(
    before: datetime.datetime, seen: list[datetime.datetime], lasted: float
) -> None:
    was = before.isoformat(timespec='microseconds')
    stamps = [moment.isoformat(timespec='microseconds') for moment in seen]
    assert was <= diff.cursor(was, stamps, lasted) <= max([was, *stamps])


def test_what_was_told_is_left_behind_once_the_site_has_gone_on_by_more_than_the_overlap() -> None:
    stamp, told = '2026-11-21T10:00:10.500000', '2026-11-21T10:00:12.999999'
    assert diff.beyond(stamp, told, '2026-11-21T10:00:42.999999') == ''
    assert diff.beyond(stamp, told, '2026-11-21T10:00:43.999999') == '2026-11-21T10:00:11.000000'
    assert diff.beyond('', '', '2026-11-21T10:00:43.999999') == ''
    assert diff.beyond(stamp, told, '') == ''


def test_the_clock_that_stamps_may_be_late_by_any_time() -> None:
    told, again = '2026-11-21T12:00:00.999999', '2026-11-21T12:01:00.999999'
    assert diff.beyond('2026-11-21T10:00:10.500000', told, again) == '2026-11-21T10:00:11.000000'


def test_a_stamp_from_the_future_is_never_left_behind() -> None:
    told, again = '2026-11-21T12:00:00.999999', '2026-11-21T12:01:00.999999'
    assert diff.beyond('2036-01-01T00:00:00.000000', told, again) == ''
