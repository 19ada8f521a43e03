"""What was measured, what it should be, and how both are told to people, machines and the documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One measured number. `goal` None means that it is told for what it explains; `value` None that it could not be
    measured, and `note` says why.
    """

    name: str
    value: float | None
    unit: str
    about: str
    goal: float | None = None
    at_least: bool = False
    note: str = ''

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None without a goal or a value."""
        if self.goal is None or self.value is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return ''
        word = {True: 'met', False: 'MISSED', None: 'not measured'}[self.met]
        return f'{">=" if self.at_least else "<="} {self.goal:g} {self.unit}: {word}'


def shown(value: float | None) -> str:
    """Three digits that mean something, thousands set apart."""
    if value is None:
        return '-'
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3g}'


def report(figures: Sequence[Figure]) -> str:
    """Lines for people."""
    lines = []
    for one in figures:
        lines.append(f'  {one.about:<66} {shown(one.value):>9} {one.unit:<9} {one.verdict}'.rstrip())
        if one.note:
            lines.append(f'      {one.note}')
    return '\n'.join(lines)


def line(figures: Sequence[Figure], strict: bool = False) -> str:
    """One line of JSON with every figure, its goal and whether that was met; `strict` as in `missed`."""
    told = {
        one.name: {
            'value': None if one.value is None else float(f'{one.value:.6g}'),
            'unit': one.unit,
            **({'goal': one.goal, 'at_least': one.at_least, 'met': one.met} if one.goal is not None else {}),
            **({'note': one.note} if one.note else {}),
        }
        for one in figures
    }
    return json.dumps({'met': not missed(figures, strict), 'figures': told})


def missed(figures: Sequence[Figure], strict: bool = False) -> list[Figure]:
    """Those that do not reach their goals; `strict`: nor do those that could not be measured."""
    return [one for one in figures if one.goal is not None and (one.met is False or (strict and one.met is None))]


def page(old: str, parts: Mapping[str, Sequence[Figure]], machine: str) -> str:
    """docs/performance.md: `old` is the page as it stands; of it those parts are kept that were not measured now."""
    kept = {name: text for name, _, text in (part.partition('\n') for part in old.split('\n## ')[1:])}
    new = {name: _section(figures, machine) for name, figures in parts.items()}
    sections = '\n'.join(f'## {name}\n{text.rstrip()}\n' for name, text in (kept | new).items())
    return f"""# How fast it is

Written by `make bench BENCH=--write` and, what is named scale, by `make bench-scale BENCH=--write`; do not edit. Everything ran on one machine over loopback, so ratios are meant to be read, not the times
themselves. What each figure is and how it is taken stands in the modules of `bench/`.

{sections}"""


def _section(figures: Sequence[Figure], machine: str) -> str:
    rows = '\n'.join(f'| {one.about} | {shown(one.value)} {one.unit} | {one.verdict} | {one.note} |' for one in figures)
    return f'\nMeasured on {machine}.\n\n| figure | value | goal | note |\n|---|---|---|---|\n{rows}\n'
