"""What clouds answered at every microversion and role comes out of the newest administrator's document alone, field by field."""

from __future__ import annotations

import functools
import json
import pathlib
from typing import Any

import pytest

from hansa.model import resource
from hansa.rules import views

CORPUS = pathlib.Path(__file__).parent / 'corpus'
CLOUDS = sorted(path.stem for path in CORPUS.glob('*.json'))
FORMS = ('show', 'brief', 'single')


@functools.cache
def corpus(cloud: str) -> Any:
    return json.loads((CORPUS / f'{cloud}.json').read_text())


def at(fields: dict[str, list[list[Any]]], minor: int) -> dict[str, Any]:
    """The document at a microversion: each field is a list of [since, value] and of [since] where it went."""
    said = {name: [step for step in steps if step[0] <= minor][-1:] for name, steps in fields.items()}
    return {name: steps[0][1] for name, steps in said.items() if steps and len(steps[0]) == 2}


def bare(doc: dict[str, Any]) -> dict[str, Any]:
    """As the inventory keeps it: without links."""
    nested = {k: {n: w for n, w in v.items() if n != 'links'} for k, v in doc.items() if k in ('image', 'flavor') and v}
    return {k: v for k, v in doc.items() if k not in ('links', 'self', 'file', 'schema')} | nested


def context(cloud: str, kind: str, role: str) -> views.Context:
    told = corpus(cloud)
    listed = told['kinds']['flavor']['show']['admin'].items()
    flavors = {at(fields, told['newest']['compute'])['name']: id for id, fields in listed}
    service = resource.KINDS[kind].service
    prefix = told['projects'][role] if service == 'volume' else ''
    return views.Context(base=told['bases'][service], prefix=prefix, flavors=flavors)


def canonical(doc: dict[str, Any]) -> dict[str, Any]:
    """Lists that the services give in any order, ordered."""
    rules = sorted(doc.get('security_group_rules', ()), key=lambda rule: str(rule['id']))
    return doc | {'members': sorted(doc.get('members', ())), 'security_group_rules': rules}


CASES = [
    (cloud, kind, form, role)
    for cloud in CLOUDS
    for kind, forms in corpus(cloud)['kinds'].items()
    for form in FORMS
    for role in ('admin', 'user')
    if form in forms
]


@pytest.mark.parametrize(('cloud', 'kind', 'form', 'role'), CASES)
def test_every_answer(cloud: str, kind: str, form: str, role: str) -> None:
    forms = corpus(cloud)['kinds'][kind]
    major = 3 if resource.KINDS[kind].service == 'volume' else 2
    newest = corpus(cloud)['newest'].get(resource.KINDS[kind].service, 0)
    where = context(cloud, kind, role)
    assert forms[form].get(role)
    for id, fields in forms[form][role].items():
        stores = sources(kind, forms, form, id, newest)
        assert stores, id
        for stored in stores:
            for minor in turns(fields, newest):
                version = (major, minor)
                if form == 'brief':
                    made = views.brief(kind, stored, version, where)
                else:
                    made = views.show(kind, stored, version, role == 'admin', where, single=form == 'single')
                assert canonical(made.get('keypair', made)) == canonical(at(fields, minor)), (id, version)


def sources(kind: str, forms: Any, form: str, id: str, newest: int) -> list[dict[str, Any]]:
    """What the inventory may hold: the element of the list, or what was read by id; only the latter can be shown so.

    Administrators do not list others' community images, of which everybody sees the same.
    """
    told = [forms[source]['admin'].get(id) for source in ('show', 'single') if source in forms]
    if kind == 'image':
        told.append(forms['show']['user'].get(id))
    wanted = told[1:] if form == 'single' else told
    return [bare(at(fields, newest)) for fields in wanted if fields]


def turns(fields: dict[str, list[list[Any]]], newest: int) -> list[int]:
    """Every microversion at which a field changed, the one before it, and the newest."""
    first = min(steps[0][0] for steps in fields.values())
    around = {step[0] - before for steps in fields.values() for step in steps for before in (0, 1)}
    return sorted(minor for minor in around | {newest} if minor >= first)


def test_the_corpus_is_there_and_small() -> None:
    assert {'east', 'hills'} <= set(CLOUDS)
    assert sum(path.stat().st_size for path in CORPUS.glob('*.json')) < 600_000


def test_cases_reach_all_kinds() -> None:
    assert {kind for _, kind, _, _ in CASES} == set(resource.KINDS)
