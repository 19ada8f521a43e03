"""Imports go down only, and never in a circle."""

from __future__ import annotations

import sys

import pytest

from tests.tidy import floors, tree

STDLIB = frozenset(sys.stdlib_module_names)


def _judge(*pairs: tuple[str, str]) -> list[str]:
    return floors.breaches([tree.Source(path, text) for path, text in pairs], STDLIB)


def test_imports_go_down() -> None:
    assert floors.breaches(tree.python('hansa'), STDLIB) == []


def test_no_module_imports_itself_by_a_detour() -> None:
    assert floors.cycles(tree.python('hansa')) == []


def test_every_folder_of_the_house_has_a_floor() -> None:
    folders = {s.path.split('/')[1] for s in tree.python('hansa') if s.path.count('/') > 1}
    assert folders - set(floors.BELOW) == set()


@pytest.mark.parametrize(
    ('path', 'text'),
    [
        ('hansa/rules/zones.py', 'from hansa.services import relay'),
        ('hansa/services/relay.py', 'import hansa.sites.openstack.session'),
        ('hansa/services/relay.py', 'from hansa.northbound.hall import route'),
        ('hansa/sites/openstack/site.py', 'from hansa.storage.sqlite import store'),
        ('hansa/sites/openstack/site.py', 'from hansa.sites.sim import cloud'),
        ('hansa/northbound/compute/routes.py', 'from hansa.northbound.volume import views'),
        ('hansa/northbound/compute/routes.py', 'from hansa.sites.openstack import errors'),
        ('hansa/northbound/compute/routes.py', 'from hansa.storage.sqlite import store'),
        ('hansa/sync/agent.py', 'from hansa.services import listing'),
        ('hansa/services/relay.py', 'from hansa.workflows import levelling'),
        ('hansa/ports/site.py', 'if TYPE_CHECKING:\n    from hansa.services import relay'),
        ('hansa/ports/site.py', 'from ..services import relay'),
        ('hansa/model/site.py', 'import yaml'),
        ('hansa/rules/quota.py', 'import time'),
        ('hansa/rules/quota.py', 'import cryptography'),
        ('hansa/rules/dispersal/keys.py', 'import asyncio'),
        ('hansa/rules/quota.py', 'def f():\n    from os import environ'),
        ('hansa/plugins/one.py', 'import json'),
    ],
)
def test_a_breach_is_seen(path: str, text: str) -> None:
    assert len(_judge((path, text))) == 1


@pytest.mark.parametrize(
    ('path', 'text'),
    [
        ('hansa/entry/wiring.py', 'from hansa.sites.openstack import session\nfrom hansa.services import relay'),
        ('hansa/northbound/compute/routes.py', 'from hansa.northbound.hall import route\nfrom hansa.services import relay'),
        ('hansa/sites/openstack/session.py', 'from hansa.sites.http import client\nimport asyncio'),
        ('hansa/rules/paging.py', 'import re\nfrom urllib import parse\nimport msgspec\nfrom hansa.model import site'),
        ('hansa/rules/dispersal/keys.py', 'from cryptography.hazmat.primitives import hashes'),
        ('hansa/__main__.py', 'from hansa.entry import cli'),
    ],
)
def test_what_goes_down_passes(path: str, text: str) -> None:
    assert _judge((path, text)) == []


def test_a_circle_is_seen_also_through_types() -> None:
    ring = [
        tree.Source('hansa/services/a.py', 'from hansa.services import b'),
        tree.Source('hansa/services/b.py', 'from hansa.services.c import C'),
        tree.Source('hansa/services/c.py', 'if TYPE_CHECKING:\n    from hansa.services import a'),
        tree.Source('hansa/services/d.py', 'from hansa.services import a'),
    ]
    assert floors.cycles(ring) == ['import each other: hansa.services.a, hansa.services.b, hansa.services.c']
    assert floors.cycles(ring[1:]) == []
