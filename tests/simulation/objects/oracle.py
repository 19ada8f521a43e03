"""One dictionary of all that a client was told, and what it does not know: of each object the versions that it may have, and none."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import NamedTuple


class Version(NamedTuple):
    """An object as it was put, with its one word of metadata. Every body is another, so that half of one is none of them."""

    body: bytes
    media: str
    colour: str = ''

    @property
    def etag(self) -> str:
        return hashlib.md5(self.body, usedforsecurity=False).hexdigest()


State = Version | None

MANY = 1 << 60


class Cell:
    """An object's name. `may` is all that it can be now, `late` what it may become although nothing more is done: a site has yet to do it.

    One that `spans` sites may become at any time what was said to have failed, until something else is done to it.
    """

    def __init__(self, *, spans: bool = False) -> None:
        self.may: set[State] = {None}
        self.late: set[State] = set()
        self._spans = spans

    @property
    def all(self) -> set[State]:
        return self.may | self.late

    @property
    def sure(self) -> bool:
        return len(self.all) == 1

    def done(self, *news: State) -> None:
        """It was said that one of these is done."""
        self.may = {*news}
        if self._spans:
            self.late.clear()

    def maybe(self, new: State, *, late: bool) -> None:
        """Nobody knows whether it is done, or will be."""
        self.may |= {new}
        if late or self._spans:
            self.late |= {new}

    def seen(self, states: Collection[State], what: str) -> None:
        """It is one of these."""
        possible = self.all & set(states)
        assert possible, f'{what}, which it cannot be: {shown(self.all)}'
        self.may = possible


class Box:
    """A container, or a name that one may have. `site` '' where nobody knows it; `doubted` is when it was last to be made and nobody
    could tell whether it was. `sites` are those that it spans, () where it lives at one; then it may yet come (`coming`) although it was not found,
    and its name may be taken until it is removed everywhere (`going`). Of one that is `sealed` sites know the bytes roughly.
    """

    def __init__(self, sites: tuple[str, ...] = (), *, sealed: bool = False) -> None:
        self.sites = sites
        self.sealed = sealed
        self.coming = False
        self.going = False
        self.there: set[bool] = {False}
        self.site = ''
        self.doubted = float('-inf')
        self.colours: set[str] = {''}
        self.cells: dict[str, Cell] = {}

    def cell(self, name: str) -> Cell:
        return self.cells.setdefault(name, Cell(spans=bool(self.sites)))

    @property
    def sure(self) -> bool:
        return len(self.there) == 1

    @property
    def certain(self) -> set[str]:
        """Names of objects that are there for certain."""
        return {name for name, cell in self.cells.items() if None not in cell.all} if self.there == {True} else set()

    @property
    def possible(self) -> set[str]:
        return {name for name, cell in self.cells.items() if cell.all != {None}} if True in self.there else set()

    def sizes(self) -> tuple[int, int]:
        """The fewest and the most bytes that it can hold."""
        low, high = 0, 0
        for cell in self.cells.values():
            sizes = [len(state.body) if state else 0 for state in cell.all]
            low, high = low + min(sizes), high + max(sizes)
        return (low if self.there == {True} else 0), high

    def counts(self, *, settled: bool) -> tuple[list[int], list[int]]:
        """The same, with containers and objects before it. What spans sites is counted as one of them has it, until all is `settled`."""
        least, most = self.sizes()
        low, high = [self.there == {True}, len(self.certain), least], [True in self.there, len(self.possible), most]
        if self.sites and not settled:
            return [low[0], 0, 0], [high[0], MANY, MANY]
        return ([*low[:2], 0], [*high[:2], MANY]) if self.sealed else (low, high)

    def is_there(self, what: str) -> None:
        assert True in self.there, f'{what}, but there was no such container'
        self.there, self.coming = {True}, False

    def is_gone(self, what: str) -> None:
        """It is not there, and so are its objects."""
        assert False in self.there, f'{what}, but the container is there'
        lost = [name for name, cell in self.cells.items() if None not in cell.all]
        assert not lost, f'{what}, but it has {lost}'
        self.there, self.site = {False, self.coming}, ''
        self.colours = {''}
        for cell in self.cells.values():
            cell.may = {None}
            if self.sites:
                cell.late.clear()

    def settle(self) -> None:
        """What was late has come, or will not."""
        self.coming = self.going = False
        for cell in self.cells.values():
            cell.may = cell.all if True in self.there else {None}
            cell.late = set()

    def may_go(self) -> None:
        """Nobody knows whether it was removed; what has an object for certain was not."""
        if not self.certain:
            self.there |= {False}


def ends(boxes: Iterable[Box], *, settled: bool = False) -> tuple[list[int], list[int]]:
    """The fewest and the most containers, objects and bytes that these can be told to be."""
    told = [box.counts(settled=settled) for box in boxes]
    return [sum(low[at] for low, _ in told) for at in range(3)], [sum(high[at] for _, high in told) for at in range(3)]


def shown(states: Iterable[State]) -> list[str]:
    return sorted(f'{len(state.body)} bytes {state.etag[:6]} {state.colour}' if state else 'nothing' for state in states)
