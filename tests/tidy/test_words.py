"""The documents say what the house is, and nothing that is not theirs to say."""

from __future__ import annotations

import re

from hansa.entry import config
from tests.tidy import floors, tree, words

TEXTS = {s.path: s.text for s in tree.everything()}
DOCS = {path: text for path, text in TEXTS.items() if path.startswith('docs/') or path.endswith('README.md')}
ARCHITECTURE = TEXTS.get('docs/architecture.md', '')


def test_no_registry_no_machine_no_secret() -> None:
    assert words.leaks([s for s in tree.everything() if s.path not in ('LICENSE', 'tests/tidy/test_words.py')]) == []


def test_leaks_are_seen() -> None:
    bad = (
        'see https://' + words.HOSTS[0] + '/x',
        'cd /' + 'home/me/hansa',
        "token = '" + 'gAAAA' + 'x' * 80 + "'",
        '-----BEGIN RSA PRIVATE KEY-----\n' + 'A' * 64,
    )
    assert [len(words.leaks([tree.Source('docs/a.md', text)])) for text in bad] == [1, 1, 1, 1]
    assert words.leaks([tree.Source('docs/a.md', 'under ${LAB_HOME:-/var/tmp/x}, /v3/users and images/home/a')]) == []


def test_every_setting_stands_in_the_documents_as_in_the_code() -> None:
    rows = [f'| `{one.name}` | {f"`{one.default}`" if one.default != "" else ""} | {one.about} |' for one in config.SETTINGS]
    assert rows
    assert [row for row in rows if row not in TEXTS['docs/operations.md'].splitlines()] == []


def test_every_command_is_explained() -> None:
    names = words.commands(tree.python('hansa/entry'))
    assert names
    assert words.absent(names, TEXTS['docs/operations.md']) == []


def test_commands_are_found() -> None:
    assert words.commands([tree.Source('cli.py', "sub.add_parser('serve', help='run')\nsub.add_argument('x')")]) == ['serve']


def test_a_missing_word_is_seen() -> None:
    assert words.absent(['site', 'sites', 'in-tune'], 'a site; in-tune-d') == ['sites', 'in-tune']


def test_every_folder_of_the_house_stands_in_the_picture() -> None:
    folders = {path.rsplit('/', 1)[0] for path in TEXTS if path.startswith('hansa/') and path.endswith('/__init__.py')}
    rooms = sorted(folder.removeprefix('hansa/') for folder in folders if folder != 'hansa')
    assert rooms
    assert [room for room in rooms if f'`{room}/`' not in ARCHITECTURE] == []


def test_rooms_and_modules_that_documents_name_are_there() -> None:
    named = {(path, room) for path, text in DOCS.items() for room in words.rooms(text, tuple(floors.BELOW))}
    house = tree.ROOT / 'hansa'
    gone = [(path, room) for path, room in named if not (house / room).is_dir() and not (house / f'{room}.py').is_file()]
    assert len(named) > 30
    assert gone == []


def test_rooms_are_found() -> None:
    text = 'In `rules/placement`, `hansa/sites/KIND/`, `hansa/sites/http/`, `hansa/ports/site.py`, not `docs/` nor `demo/x`.'
    assert words.rooms(text, ('rules', 'sites', 'ports')) == ['rules/placement', 'sites/http', 'ports/site']


def test_decisions_are_numbered_without_gaps_and_linked() -> None:
    names = sorted(path.rsplit('/', 1)[1] for path in TEXTS if path.startswith('docs/decisions/'))
    assert [name[:5] for name in names] == [f'{number:04}-' for number in range(1, len(names) + 1)]
    assert [name for name in names if f'(decisions/{name})' not in ARCHITECTURE] == []
    assert [n for n in names if not re.match(rf'# 0*{int(n[:4])}[.:] \S', TEXTS[f'docs/decisions/{n}'])] == []


def test_glossary_words_are_in_use() -> None:
    glossary = re.findall(r'^\| \*\*([^*]+)\*\* \|', TEXTS['docs/glossary.md'], re.MULTILINE)
    assert len(glossary) > 15
    used = '\n'.join(text for path, text in TEXTS.items() if path != 'docs/glossary.md').lower()
    assert [word for word in glossary if word.lower() not in used] == []


def test_documents_name_only_targets_that_exist() -> None:
    known = words.targets(TEXTS['Makefile'])
    asked = {(path, target) for path, text in DOCS.items() for target in words.make_calls(text)}
    assert {'run', 'test'} <= {target for _, target in asked}
    assert {(path, target) for path, target in asked if target not in known} == set()


def test_targets_and_calls_are_found() -> None:
    assert words.targets('run: setup  ## x\nBIN := y\nlab-test:\n\techo\n') == ['run', 'lab-test']
    assert words.make_calls('Use `make run A=b`:\n\n    make lab-test\n\nThey make sense.') == ['run', 'lab-test']


def test_links_lead_somewhere() -> None:
    broken = []
    for path, text in DOCS.items():
        folder = tree.ROOT / path.rsplit('/', 1)[0] if '/' in path else tree.ROOT
        broken += [f'{path}: {target}' for target in words.links(text) if not (folder / target).exists()]
    assert broken == []


def test_links_are_found() -> None:
    assert words.links('[a](b.md) and [c](d/e.md#f), not [g](https://h) nor [i](#j)') == ['b.md', 'd/e.md']
