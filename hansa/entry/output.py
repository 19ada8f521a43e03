"""How the command line shows things: data on stdout as a table or JSON, talk on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

_COLOURS = {'up': '32', 'ok': '32', 'down': '31', 'no': '31'}


def say(sentence: str) -> None:
    """Talk: one line on stderr."""
    print(plain(sentence), file=sys.stderr)


def show_json(document: object) -> None:
    """Data for programs."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def show_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Data for people: columns two blanks apart, numbers to the right."""
    print(table(headings, rows, colour=sys.stdout.isatty() and not os.environ.get('NO_COLOR')))


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], colour: bool = False) -> str:
    """The lines of a table; `colour` paints the words for good and bad."""
    words = [list(headings), *([plain(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in words) for column in range(len(headings))]
    right = [bool(rows) and all(isinstance(row[column], int) for row in rows) for column in range(len(headings))]
    lines = []
    for line in words:
        cells = [word.rjust(width) if to_right else word.ljust(width) for word, width, to_right in zip(line, widths, right, strict=True)]
        cells[-1] = cells[-1].rstrip()
        lines.append('  '.join(_painted(cell) if colour else cell for cell in cells).rstrip())
    return '\n'.join(lines)


def age(seconds: object) -> str:
    """'4s', '12m', '3h', '9d'; '-' where it is not known."""
    if not isinstance(seconds, int | float):
        return '-'
    for size, unit in ((86400, 'd'), (3600, 'h'), (60, 'm')):
        if seconds >= 2 * size:
            return f'{seconds / size:.0f}{unit}'
    return f'{seconds:.0f}s'


def plain(text: str) -> str:
    """Without what would move the cursor or ring the bell: sites and users choose names and reasons."""
    return ''.join(letter if letter.isprintable() else '\N{REPLACEMENT CHARACTER}' for letter in text)


def _painted(cell: str) -> str:
    word = cell.strip()
    return cell.replace(word, f'\033[{_COLOURS[word]}m{word}\033[0m') if word in _COLOURS else cell
