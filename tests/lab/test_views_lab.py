"""Against real clouds: what `views` makes of the newest administrator's document is what the site itself answers.

Set LAB_CLOUDS to a clouds.yaml that has CLOUD and CLOUD-admin for each cloud of LAB_NAMES (default 'east hills', as far as it has
them). With LAB_RECORD=FOLDER the answers are written there too, as CLOUD.json: these are the corpus of tests/rules/test_views_corpus.py.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from hansa.model import resource
from hansa.rules import views
from tests.lab import scene
from tests.lab.cloud import LISTS, Cloud

# openstacksdk and what it imports warn of each other's age.
pytestmark = [pytest.mark.lab, pytest.mark.filterwarnings('ignore')]

RECORDING = 'LAB_RECORD' in os.environ
SINGLES = frozenset(('server', 'volume', 'keypair', 'flavor', 'server_group', 'snapshot'))

Answer = tuple[str, str, tuple[int, int], dict[str, Any]]
"""Form, role, version, documents by id."""


def names() -> list[str]:
    """The clouds to look at."""
    if 'LAB_NAMES' in os.environ:
        return os.environ['LAB_NAMES'].split()
    told = pathlib.Path(os.environ['LAB_CLOUDS']).read_text() if 'LAB_CLOUDS' in os.environ else ''
    return [name for name in ('east', 'hills') if f'  {name}:\n' in told] or ['east']


@pytest.fixture(scope='module', params=names())
def lab(request: pytest.FixtureRequest) -> Iterator[tuple[Cloud, dict[str, Any]]]:
    """A cloud with the scene in it, and where to put what it says."""
    cloud = Cloud(request.param)
    told: dict[str, Any] = {}
    try:
        scene.build(cloud)
        yield cloud, told
        if RECORDING:
            record(cloud, told, os.environ['LAB_RECORD'])
    finally:
        cloud.clear()


def bare(value: Any) -> Any:
    """A document as the inventory keeps it: without links."""
    if not isinstance(value, dict):
        return value
    return {k: bare(v) if k in ('flavor', 'image') else v for k, v in value.items()
            if k not in ('links', 'self', 'file', 'schema')}


def canonical(doc: dict[str, Any]) -> dict[str, Any]:
    """Lists that the services give in any order, ordered."""
    rules = sorted(doc.get('security_group_rules', ()), key=lambda rule: str(rule['id']))
    return doc | {'members': sorted(doc.get('members', ())), 'security_group_rules': rules}


def walk(lab: Cloud, kind: str) -> Iterator[Answer]:
    """Every list of a kind, and single objects, as each role, oldest version first."""
    forms = [form for listed, form in LISTS if listed == kind] + ['single'] * (kind in SINGLES)
    for form in forms:
        for role in lab.roles:
            for version in lab.ranges.get(resource.KINDS[kind].service, [(2, 0)]):
                if form != 'single':
                    yield form, role, version, lab.listed(kind, form, role, version)
                elif kind != 'keypair' or role == 'user' or version >= (2, 10):
                    yield form, role, version, {id: lab.single(kind, id, role, version) for id in lab.ids[kind][: 1 + 3 * RECORDING : 2]}


def steps(answers: list[Answer]) -> dict[str, Any]:
    """Each field once for each version in which it changed: [version, value], or [version] where it went."""
    lines: dict[str, Any] = {}
    for form, role, version, items in answers:
        for id, doc in items.items():
            fields = lines.setdefault(form, {}).setdefault(role, {}).setdefault(id, {})
            for field in fields.keys() | doc.keys():
                said = [doc[field]] if field in doc else []
                changes = fields.setdefault(field, [])
                if (changes[-1][1:] if changes else []) != said:
                    changes.append([version[1], *said])
    return lines


def record(lab: Cloud, kinds: dict[str, Any], folder: str) -> None:
    newest = {service: range[-1][1] for service, range in lab.ranges.items()}
    told = {'projects': lab.projects, 'bases': lab.bases, 'newest': newest, 'kinds': kinds}
    text = json.dumps(told, sort_keys=True, separators=(',', ':'))
    # A fault's details name files of that machine.
    (pathlib.Path(folder) / (lab.name + '.json')).write_text(re.sub(r'/[^" ]*/(site|dist)-packages/', '', text) + '\n')


@pytest.mark.parametrize('kind', resource.KINDS)
def test_every_version_and_role(lab: tuple[Cloud, dict[str, Any]], kind: str) -> None:
    cloud, told = lab
    answers = list(walk(cloud, kind))
    told[kind] = steps(answers)
    # Administrators do not list others' community images; all see the same fields of an image.
    roles = ('user', 'admin') if kind == 'image' else ('admin',)
    newest = {(form, id): bare(doc) for each in roles for form, role, _, items in answers if role == each for id, doc in items.items()}
    contexts = {role: cloud.context(resource.KINDS[kind].service, role) for role in cloud.roles}
    for form, role, version, items in answers:
        for id, doc in items.items():
            stored = newest['single' if form == 'single' else 'show', id]
            if form == 'brief':
                made = views.brief(kind, stored, version, contexts[role])
            else:
                made = views.show(kind, stored, version, role == 'admin', contexts[role], single=form == 'single')
            assert canonical(made.get('keypair', made)) == canonical(doc), f'{kind} {form} as {role} at {version}'
