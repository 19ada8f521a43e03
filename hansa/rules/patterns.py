"""Which regular expressions of users are taken: those whose search cannot take for ever."""

from __future__ import annotations

import re

from hansa.model.errors import BadRequest

LENGTH = 255
REPEATS = 3

_CHOICES = 8  # as many yes-or-no choices cost what one open repeat costs
_SIGN = re.compile(r'\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\??|[)|?]|[*+]|\{\d*,?\d*\}', re.DOTALL)


def check(pattern: str) -> None:
    """Raises BadRequest for a pattern that is too long, wrong, or could take for ever.

    A search holds up the whole process and cannot be stopped, so patterns whose cost could explode are refused:
    more than three repeats (or their like in choices), and any repeat of a group that itself repeats or chooses.
    """
    if len(pattern) > LENGTH:
        raise BadRequest(f'A regular expression may have {LENGTH} characters, this one has {len(pattern)}.')
    try:
        flags = re.compile(pattern).flags
    except (re.error, OverflowError, RecursionError) as error:
        raise BadRequest(f'The regular expression {pattern!r} is not valid: {error}.') from error
    if flags & re.VERBOSE or _explodes(pattern):
        raise BadRequest(
            f'The regular expression {pattern!r} could take too long: it may have {REPEATS} repeats, '
            'and no repeat of a group that has repeats or choices in it.'
        )


def _explodes(pattern: str) -> bool:
    weight, end, before = 0, -1, ''
    groups = [False]  # of each open group, whether something in it repeats or chooses
    closed = False  # the same of the group that ended last
    for found in _SIGN.finditer(pattern):
        sign = found.group()
        adjacent = before if found.start() == end else ''
        before, end = sign, found.end()
        if sign[0] == '(':
            groups.append(False)
        elif sign == ')':
            closed = groups.pop()
            groups[-1] = groups[-1] or closed
        elif sign[0] in '*+{' or sign in ('?', '|'):
            if adjacent == ')' and closed and sign not in ('?', '|'):
                return True
            lazy = sign == '?' and adjacent[:1] in tuple('*+?{')  # says only how the repeat before it goes
            if lazy or (sign == '|' and len(groups) == 1) or (sign[0] == '{' and ',' not in sign):
                continue
            weight += _CHOICES if sign[0] in '*+{' else 1
            groups[-1] = True
    return weight > REPEATS * _CHOICES
