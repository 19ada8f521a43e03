"""What waits to be told: the last state of each object, once, until it is acknowledged."""

from __future__ import annotations

from hansa.model.batch import MOST, Batch, Change, Lane
from hansa.sync.outbox import Outbox


def change(id: str, asked: int, name: str = '') -> Change:
    return Change('server', id, asked, doc={'id': id, 'name': name})


def batch(outbox: Outbox) -> Batch:
    made = outbox.batch('east', 'r')
    assert made is not None
    return made


def told(outbox: Outbox) -> tuple[Lane, int, list[tuple[str, int]]]:
    made = batch(outbox)
    return made.lane, made.number, [(each.id, each.asked) for each in made.changes]


def test_the_last_state_wins_and_an_earlier_question_never() -> None:
    outbox = Outbox()
    for asked in (1, 3, 2):
        outbox.put(change('a', asked), 'bulk')
    assert told(outbox) == ('bulk', 1, [('a', 3)])
    assert len(outbox) == 1


def test_commands_go_before_what_moves_and_that_before_whole_lists() -> None:
    outbox = Outbox()
    for number, lane in enumerate(('bulk', 'hot', 'command')):
        outbox.put(change(lane, number), lane)  # type: ignore[arg-type]  # the words of a tuple are lanes
    order = []
    for _ in range(3):
        made = batch(outbox)
        order.append(made.lane)
        outbox.acknowledge(made.lane, made.number)
    assert order == ['command', 'hot', 'bulk']
    assert outbox.batch('east', 'r') is None


def test_what_a_command_is_waited_for_keeps_its_lane() -> None:
    outbox = Outbox()
    outbox.put(change('a', 1), 'command')
    outbox.put(change('a', 2), 'bulk')
    assert told(outbox) == ('command', 1, [('a', 2)])


def test_a_batch_is_given_again_under_its_number_without_what_was_told_anew() -> None:
    outbox = Outbox()
    for id in 'ab':
        outbox.put(change(id, 1), 'hot')
    assert told(outbox) == ('hot', 1, [('a', 1), ('b', 1)])
    outbox.put(change('a', 2), 'hot')
    assert told(outbox) == ('hot', 1, [('b', 1)])
    assert len(outbox) == 2
    outbox.acknowledge('hot', 0)
    assert told(outbox) == ('hot', 1, [('b', 1)])
    outbox.acknowledge('hot', 1)
    assert told(outbox) == ('hot', 2, [('a', 2)])
    outbox.acknowledge('hot', 2)
    assert not outbox


def test_a_new_run_tells_all_that_is_not_acknowledged() -> None:
    outbox = Outbox()
    outbox.put(change('a', 1), 'bulk')
    assert told(outbox)[1] == 1
    outbox.put(change('b', 2), 'bulk')
    outbox.renew()
    assert told(outbox) == ('bulk', 1, [('a', 1), ('b', 2)])


def test_it_is_never_more_than_the_objects_and_a_batch_never_more_than_five_hundred() -> None:
    outbox = Outbox()
    for asked in range(5):
        for number in range(MOST + 100):
            outbox.put(change(str(number), asked), 'hot')
        assert len(batch(outbox).changes) <= MOST
    assert len(outbox) == MOST + 100
    assert (outbox.count('server'), outbox.count('port')) == (MOST + 100, 0)


def test_how_many_of_a_kind_wait_is_known_through_all_that_happens_to_them() -> None:
    outbox = Outbox()
    for id in 'abc':
        outbox.put(change(id, 1), 'bulk')
    batch(outbox)
    outbox.put(change('a', 2), 'hot')
    outbox.put(change('b', 0), 'hot')
    assert outbox.count('server') == 3
    outbox.renew()
    assert outbox.count('server') == 3
    batch(outbox)
    outbox.acknowledge('hot', 1)
    assert outbox.count('server') == 2
    batch(outbox)
    outbox.acknowledge('bulk', 1)
    assert (outbox.count('server'), len(outbox)) == (0, 0)
