"""What a site lacks that others of the league have, in sentences for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hansa.model.site import Capabilities

_VERSIONED = {
    'compute': 'Microversions of compute', 'volume': 'Microversions of volume', 'placement': 'Microversions of placement', 'image': 'Versions of image',
}  # fmt: skip
_LISTED = 40

FOLLOWS = 'lists and creates without a zone use what all have, an object by its id and a create with a zone what its site has.'

TENANT = 'The league is a tenant there: its hypervisors, compute services, aggregates and placement are not shown.'


def sentences(name: str, sites: Mapping[str, Capabilities]) -> list[str]:
    """Each difference of site `name` from the rest of `sites` (capabilities by name), and what follows from it for the league."""
    mine = sites.get(name)
    others = {other: each for other, each in sites.items() if other != name}
    if mine is None:
        return []
    return [*_mode(mine), *_among(mine, others)] if others else _mode(mine)


def _mode(mine: Capabilities) -> list[str]:
    return [] if mine.mode == 'managed' else [TENANT]


def _among(mine: Capabilities, others: Mapping[str, Capabilities]) -> list[str]:
    return [*_services(mine, others), *_versions(mine, others), *_extensions(mine, others)]


def _services(mine: Capabilities, others: Mapping[str, Capabilities]) -> list[str]:
    words = dict.fromkeys(word for each in others.values() for word in each.services if word not in mine.services)
    return [f'There is no service {word} there; {_who(others, word)}.' for word in words]


def _who(others: Mapping[str, Capabilities], word: str) -> str:
    having = [other for other, each in others.items() if word in each.services]
    return f'{_joined(having)} {"has" if len(having) == 1 else "have"} one'


def _versions(mine: Capabilities, others: Mapping[str, Capabilities]) -> list[str]:
    found = []
    for word, said in _VERSIONED.items():
        own = mine.services[word].highest if word in mine.services else ''
        higher = {
            other: each.services[word].highest
            for other, each in others.items()
            if word in each.services and _number(each.services[word].highest) > _number(own)
        }
        follows = 'the league offers what all have.' if word == 'image' else FOLLOWS
        if own and higher:
            tops = ', '.join(
                f'{_joined([other for other in higher if higher[other] == version])} to {version}' for version in dict.fromkeys(higher.values())
            )
            found.append(f'{said} go up to {own} there, {tops}; {follows}')
    return found


def _extensions(mine: Capabilities, others: Mapping[str, Capabilities]) -> list[str]:
    lacking = sorted({alias for each in others.values() for alias in each.extensions} - set(mine.extensions))
    if not lacking:
        return []
    more = f' and {len(lacking) - _LISTED} more' if len(lacking) > _LISTED else ''
    count = f'{len(lacking)} extensions' if len(lacking) > 1 else 'one extension'
    return [f'Of network it lacks {count} that others have: {", ".join(lacking[:_LISTED])}{more}.']


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f'{", ".join(words[:-1])} and {words[-1]}'


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split('.') if part.isdigit())
