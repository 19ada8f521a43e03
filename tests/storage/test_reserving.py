"""What a quota needs of the store is looked up, however many objects there are: nothing walks the whole inventory."""

from __future__ import annotations

from hansa.model.intent import Intent
from hansa.storage.sqlite import journal, opening, reserving


def test_no_step_of_a_reservation_walks_a_table() -> None:
    db = opening.writer(None)
    reserving.set_limits(db, 'p1', '', {'instances': 5})
    first = Intent('i1', 'server.create', 'p1', 'u', 'east', 'm1', b'{}', charge={'instances': 1})
    journal.open(db, first)
    asked: list[str] = []
    db.set_trace_callback(asked.append)
    journal.open(db, Intent('i2', 'server.resize', 'p1', 'u', 'east', 'm2', b'{}', found='a,b', charge={'instances': 1}))
    journal.unfinished(db)
    db.set_trace_callback(None)
    plans = [row[3] for sql in asked if sql.startswith('SELECT') for row in db.execute(f'EXPLAIN QUERY PLAN {sql}')]
    walks = [plan for plan in plans if plan.startswith('SCAN') and 'INDEX' not in plan]
    assert len(plans) > 5
    assert walks == []
    db.close()
