"""What a cloud's answers say about it: the mode is found without guessing, and nonsense does not become a capability."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from hansa.model.errors import SiteDown
from hansa.model.site import Capabilities, ServiceOffer
from hansa.sites.openstack import capabilities

NAMES = ('demo', 'd1', 'work', 'd2')
ALL = ('compute', 'volume', 'network', 'image', 'identity')


class Answers:
    """Answers by (service, method, path); 404 for the rest. `asked` is what was asked, with bodies."""

    def __init__(self, given: dict[tuple[str, str, str], tuple[int, Any]]) -> None:
        self.given = given
        self.asked: list[tuple[str, str, object]] = []

    async def ask(self, service: str, method: str, path: str, body: object) -> tuple[int, Any]:
        self.asked.append((method, path, body))
        return self.given.get((service, method, path), (404, None))


def learned(answers: Answers, services: tuple[str, ...] = ALL) -> Capabilities:
    return asyncio.run(capabilities.learn('east', answers.ask, services, NAMES))


def accounts(projects: int, users: int) -> Answers:
    made = {'project': {'id': 'new'}, 'user': {'id': 'new'}}
    return Answers({('identity', 'POST', '/projects'): (projects, made), ('identity', 'POST', '/users'): (users, made)})


@pytest.mark.parametrize(
    ('projects', 'users', 'mode'),
    [
        (409, 409, 'managed'),
        (403, 403, 'tenant'),
        (409, 403, 'tenant'),
        (403, 409, 'tenant'),
        (404, 404, 'tenant'),
        (409, 501, 'tenant'),
    ],
)
def test_who_is_told_that_the_name_is_taken_may_make_names(projects: int, users: int, mode: str) -> None:
    answers = accounts(projects, users)
    assert learned(answers).mode == mode
    wishes = [body for method, _, body in answers.asked if method == 'POST']
    assert wishes[0] == {'project': {'name': 'work', 'domain_id': 'd2', 'enabled': False}}
    assert wishes[1:] in ([], [{'user': {'name': 'demo', 'domain_id': 'd1', 'enabled': False}}])


def test_what_came_of_asking_is_taken_away() -> None:
    answers = accounts(201, 409)
    answers.given['identity', 'DELETE', '/projects/new'] = (204, None)
    assert learned(answers).mode == 'managed'
    answers.given['identity', 'DELETE', '/projects/new'] = (403, None)
    with pytest.raises(SiteDown, match='made project new and does not delete it'):
        learned(answers)


def test_versions_zones_and_extensions() -> None:
    answers = accounts(403, 403)
    answers.given |= {
        ('compute', 'GET', '/'): (200, {'version': {'id': 'v2.1', 'version': '2.90', 'min_version': '2.1'}}),
        ('volume', 'GET', '^/'): (
            300,
            {'versions': [{'id': 'v2.0', 'version': ''}, {'id': 'v3.0', 'version': '3.70', 'min_version': '3.0'}]},
        ),
        ('compute', 'GET', '/os-availability-zone'): (200, {'availabilityZoneInfo': [{'zoneName': 'b'}, {'zoneName': 'a'}]}),
        ('network', 'GET', '/availability_zones'): (200, {'availability_zones': [{'name': 'n'}, {'name': 'n'}]}),
        ('network', 'GET', '/extensions'): (200, {'extensions': [{'alias': 'router'}, {'name': 'odd'}]}),
    }
    found = learned(answers)
    assert found.services['compute'] == ServiceOffer('2.1', '2.90')
    assert found.services['volume'] == ServiceOffer('3.0', '3.70')
    assert found.zones == {'compute': ('a', 'b'), 'volume': (), 'network': ('n',)}
    assert found.extensions == ('router',)
    assert found.missing == ()


def test_what_is_missing_is_said() -> None:
    found = learned(accounts(403, 403), ('compute', 'identity', 'image'))
    assert found.missing == (
        'Site east has no volume service in its catalog.',
        'Site east has no network service in its catalog.',
        'Site east does not tell the microversions of compute; only what every release has is used.',
    )


@pytest.mark.parametrize(
    'nonsense', [None, [], {}, {'versions': 3}, {'versions': [None, 'x']}, {'availabilityZoneInfo': [1, {}]}]
)
def test_nonsense_is_no_capability(nonsense: object) -> None:
    answers = Answers({})

    async def ask(service: str, method: str, path: str, body: object) -> tuple[int, Any]:
        await answers.ask(service, method, path, body)
        return 200, nonsense

    found = asyncio.run(capabilities.learn('east', ask, ALL, NAMES))
    assert found.mode == 'tenant'
    assert found.services['compute'] == ServiceOffer()
    assert found.zones == {'compute': (), 'volume': (), 'network': ()}
    assert found.extensions == ()


def test_a_swift_that_would_refuse_members_is_told_of_with_the_line_to_set() -> None:
    for roles, told in ((['member'], True), (['member', 'swiftoperator'], False)):
        answers = accounts(409, 409)
        answers.given['identity', 'GET', '/roles'] = (200, {'roles': [{'name': name} for name in roles]})
        missing = learned(answers, (*ALL, 'object-store')).missing
        assert any('operator_roles = admin, member, swiftoperator' in sentence for sentence in missing) == told
        assert not any('operator_roles' in sentence for sentence in learned(answers).missing)
