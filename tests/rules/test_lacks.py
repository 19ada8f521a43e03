"""What is said of a site that has less than the others."""

from __future__ import annotations

from hansa.model.site import Capabilities, ServiceOffer
from hansa.rules import lacks

NEW = Capabilities(
    'managed',
    {
        'compute': ServiceOffer('2.1', '2.104'), 'volume': ServiceOffer('3.0', '3.71'), 'image': ServiceOffer('2.0', '2.17'),
        'network': ServiceOffer(), 'object-store': ServiceOffer(),
    },
    extensions=('router', 'tag-creation'),
)  # fmt: skip
OLD = Capabilities(
    'managed',
    {
        'compute': ServiceOffer('2.1', '2.93'), 'volume': ServiceOffer('3.0', '3.71'), 'image': ServiceOffer('2.0', '2.15'),
        'network': ServiceOffer(),
    },
    extensions=('router',),
)  # fmt: skip


def test_an_older_site_is_told_apart_in_sentences() -> None:
    assert lacks.sentences('hills', {'east': NEW, 'hills': OLD, 'west': NEW}) == [
        'There is no service object-store there; east and west have one.',
        'Microversions of compute go up to 2.93 there, east and west to 2.104; ' + lacks.FOLLOWS,
        'Versions of image go up to 2.15 there, east and west to 2.17; the league offers what all have.',
        'Of network it lacks one extension that others have: tag-creation.',
    ]


def test_a_long_list_is_cut() -> None:
    many = Capabilities('managed', NEW.services, extensions=tuple(f'x{number:02}' for number in range(43)))
    bare = Capabilities('managed', NEW.services)
    [said] = lacks.sentences('east', {'east': bare, 'west': many})
    assert said.startswith('Of network it lacks 43 extensions that others have: x00, x01, ')
    assert said.endswith(', x39 and 3 more.')


def test_nothing_is_said_of_the_newest_or_where_there_is_nothing_to_compare() -> None:
    assert lacks.sentences('east', {'east': NEW, 'hills': OLD}) == []
    assert lacks.sentences('hills', {'hills': OLD}) == []
    assert lacks.sentences('gone', {'east': NEW}) == []
    silent = Capabilities('managed', {'compute': ServiceOffer()})
    assert not any('compute' in said for said in lacks.sentences('mute', {'mute': silent, 'east': NEW}))


def test_of_a_tenants_site_the_machines_are_not_shown() -> None:
    assert lacks.sentences('mine', {'mine': Capabilities('tenant')}) == [lacks.TENANT]
