"""A mapping of ids to documents that makes a document of a row when somebody takes hold of it."""

from __future__ import annotations

import bisect
from array import array
from collections.abc import Callable, ItemsView, Iterator, MutableMapping, ValuesView

from hansa.sites.sim.fleet.ids import Family
from hansa.sites.sim.fleet.rows import DOCUMENT, GONE, Rows
from hansa.sites.sim.state import Doc


class Table(MutableMapping[str, Doc]):
    """Who gets a document by its id may change it, so from then on it is kept; `peek` and all loops show copies.

    `draw(number)` is the document of a row; `taken(number)` is told when one becomes a document for good.
    """

    def __init__(self, family: Family, rows: Rows, draw: Callable[[int], Doc], taken: Callable[[int], None] = lambda _: None) -> None:
        self.family = family
        self.rows = rows
        self.kept: dict[int, Doc] = {}
        """Documents by number: what somebody touched, and what was made by a request."""
        self._foreign: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._draw = draw
        self._taken = taken
        self._order: array[int] = array('I')

    def number(self, id: str) -> int:
        """The row of an id; -1 where there is none."""
        found = self._foreign.get(id, -1)
        if found < 0:
            found = self.family.number(id)
        return found if 0 <= found < len(self.rows) and self.rows.code[found] != GONE else -1

    def id(self, number: int) -> str:
        """The id of a row."""
        return self._names.get(number) or self.family.id(number)

    def peek(self, number: int) -> Doc:
        """The document of a row as it is now, not to be changed. Raises KeyError."""
        code = self.rows.code[number]
        if code == GONE:
            raise KeyError(number)
        return self.kept[number] if code == DOCUMENT else self._draw(number)

    def present(self) -> Iterator[int]:
        """Numbers of all that is there, oldest first."""
        code = self.rows.code
        return (number for number in range(len(code)) if code[number] != GONE)

    def by_id(self) -> array[int]:
        """All numbers in the order of their ids, those of rows that are gone among them."""
        have, all_of = len(self._order), len(self.rows)
        if all_of - have > have:
            self._order = array('I', sorted(range(all_of), key=self._key))
        else:
            for number in range(have, all_of):
                bisect.insort(self._order, number, key=self._key)
        return self._order

    def after(self, number: int) -> int:
        """The place in `by_id` that follows a row's."""
        return bisect.bisect_right(self.by_id(), self._key(number), key=self._key)

    def _key(self, number: int) -> int:
        name = self._names.get(number)
        return int(name[:8], 16) if name else self.family.key(number)

    def __getitem__(self, id: str) -> Doc:
        number = self.number(id)
        if number < 0:
            raise KeyError(id)
        if self.rows.code[number] != DOCUMENT:
            self.kept[number] = self._draw(number)
            self._taken(number)
            self.rows.code[number] = DOCUMENT
        return self.kept[number]

    def __setitem__(self, id: str, doc: Doc) -> None:
        number = self.number(id)
        if number < 0:
            number = self.rows.add(DOCUMENT, int(doc.get('_created', 0)))
            self._foreign[id], self._names[number] = number, id
        self.kept[number] = doc
        self.rows.code[number] = DOCUMENT

    def __delitem__(self, id: str) -> None:
        number = self.number(id)
        if number < 0:
            raise KeyError(id)
        self.rows.code[number] = GONE
        self.kept.pop(number, None)
        self._foreign.pop(id, None)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self.number(id) >= 0

    def __len__(self) -> int:
        return len(self.rows) - self.rows.code.count(GONE)

    def __iter__(self) -> Iterator[str]:
        return (self.id(number) for number in self.present())

    def values(self) -> ValuesView[Doc]:
        return _Values(self)

    def items(self) -> ItemsView[str, Doc]:
        return _Items(self)


class _Values(ValuesView[Doc]):
    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._table = table

    def __iter__(self) -> Iterator[Doc]:
        return (self._table.peek(number) for number in list(self._table.present()))


class _Items(ItemsView[str, Doc]):
    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._table = table

    def __iter__(self) -> Iterator[tuple[str, Doc]]:
        return ((self._table.id(number), self._table.peek(number)) for number in list(self._table.present()))
