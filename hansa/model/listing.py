"""What a list asks of the inventory: filters, order and page, in no API's words."""

from __future__ import annotations

from typing import Literal

import msgspec

Operator = Literal['in', 'not_in', 'regex', 'like', 'gt', 'ge', 'lt', 'le', 'has', 'null', 'not_null']

Sheet = tuple[bytes, bytes]
"""What an answer needs of a record: its document, and where the groups of fields in it end and its site (`rules.views.layout.ends`)."""

COLUMNS = ('id', 'site', 'site_id', 'project', 'name', 'status', 'created', 'updated')


class Filter(msgspec.Struct, frozen=True):
    """One condition; all filters of a query must hold.

    `path` is either one of COLUMNS as a tuple of one word, or the keys that lead into the document,
    e.g. `('doc', 'OS-EXT-STS:task_state')`; '*' steps through every element of a list or value of an
    object, and the condition holds if it holds for any of them: `('doc', 'addresses', '*', '*', 'addr')`.

    Operators: `in`/`not_in` (equal to one/none of values, compared as text; true and false are 'true'
    and 'false'; `not_in` with '*' means no element is one of them), `regex` (search, values[0], case as
    it is), `like` (substring, case ignored), the comparisons (text, or numbers where the stored
    value is a number), `has` (all values occur among the elements that path reaches),
    `null`/`not_null` (absent, null or '').
    """

    path: tuple[str, ...]
    operator: Operator
    values: tuple[str, ...] = ()


class Sort(msgspec.Struct, frozen=True):
    """One sort key; ties are broken by id in the direction of the last key. Null sorts lowest."""

    path: tuple[str, ...]
    descending: bool = False


class Query(msgspec.Struct, frozen=True):
    """A page of one kind.

    `projects` None means of all owners, unclaimed ones too; otherwise objects owned by one of these or, with
    `public`, public ones, or, whoever owns them, those whose id is among `also` (shared with the caller). `limit` None means all. `marker` is the league id of the last object of the
    page before; `backwards` asks for the page before the marker, in the same order as forwards. With `gone`, what is gone is among
    them for a day: status 'DELETED', `updated` when it was seen to be gone, the document as it was last.
    """

    kind: str
    projects: tuple[str, ...] | None = None
    public: bool = True
    filters: tuple[Filter, ...] = ()
    sorts: tuple[Sort, ...] = ()
    limit: int | None = None
    marker: str = ''
    backwards: bool = False
    also: tuple[str, ...] = ()
    gone: bool = False
