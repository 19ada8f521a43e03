"""Tables, ages and the letters that are not let through."""

from __future__ import annotations

import pytest

from hansa.entry import output


def test_columns_stand_under_each_other() -> None:
    assert output.table(('NAME', 'COUNT', 'NOTE'), [['a', 5, ''], ['long-name', 1234, 'x']]) == (
        'NAME       COUNT  NOTE\n'
        'a              5\n'
        'long-name   1234  x'
    )


def test_table_without_rows_has_its_headings() -> None:
    assert output.table(('A', 'B'), []) == 'A  B'


def test_colour_does_not_move_columns() -> None:
    painted = output.table(('STATE', 'SITE'), [['up', 'east'], ['down', 'west']], colour=True)
    assert painted.splitlines()[1] == '\033[32mup\033[0m     east'
    assert painted.splitlines()[2] == '\033[31mdown\033[0m   west'


@pytest.mark.parametrize(
    ('seconds', 'expected'),
    [(None, '-'), (0, '0s'), (3.4, '3s'), (119, '119s'), (180, '3m'), (7200, '2h'), (259200, '3d')],
)
def test_age(seconds: float | None, expected: str) -> None:
    assert output.age(seconds) == expected


def test_control_letters_are_shown_as_one_sign() -> None:
    assert output.plain('a\033[2Jb\nc é') == 'a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c é'
