"""How many sites give an object back, out of how many: `2-of-3`, `2-of-3:east,west,north`."""

from __future__ import annotations

import re

import msgspec

from hansa.model.errors import BadRequest

MOST = 9
_WORDS = re.compile(r'([1-9]\d?)-of-([1-9]\d?)(?::(.*))?')


class Scheme(msgspec.Struct, frozen=True):
    """Any `k` of `n` shares give an object back, and k - 1 of the sites may be lost."""

    k: int
    n: int

    def __str__(self) -> str:
        return f'{self.k}-of-{self.n}'


def parsed(text: str) -> tuple[Scheme, tuple[str, ...]]:
    """The scheme and the sites that were named with it, none where the league is to choose. Raises BadRequest.

    Only k of 2k - 1 is taken. With fewer shares than that needed, two halves of the sites could hold two versions of an object
    and each be enough; with more, a change that is half way could leave too few of either. So one of both is always whole.
    """
    found = _WORDS.fullmatch(text.strip())
    if found is None:
        raise BadRequest(f"'{text}' is no dispersal: it is written 2-of-3, or 2-of-3:east,west,north.")
    scheme = Scheme(int(found[1]), int(found[2]))
    if scheme.k < 2 or scheme.n != 2 * scheme.k - 1 or scheme.n > MOST:
        raise BadRequest(f'{scheme} is not offered: there are 2-of-3, 3-of-5, 4-of-7 and 5-of-9, with which either the old or the new object is always whole.')
    sites = tuple(site.strip() for site in found[3].split(',')) if found[3] is not None else ()
    if found[3] is not None and (len(set(sites)) != scheme.n or len(sites) != scheme.n or '' in sites):
        raise BadRequest(f'{scheme} needs {scheme.n} different sites, not {found[3]}.')
    return scheme, sites
