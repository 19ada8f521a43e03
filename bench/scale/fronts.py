"""Two fronts on PostgreSQL against one: what is not measured yet is a goal that is missed."""

from __future__ import annotations

from bench.figures import Figure

GOAL = 1.7


def measure() -> list[Figure]:
    """Nothing so far."""
    note = 'not measured: fronts are not processes of their own yet'
    return [Figure('fronts_ratio', None, 'x one front', 'two fronts on PostgreSQL: requests a second', GOAL, at_least=True, note=note)]
