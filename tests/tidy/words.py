"""What stands in the documents, and what must stand nowhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from tests.tidy import tree

HOSTS = ('python' + 'hosted.org', 'py' + 'pi.org', 'deb.' + 'debian.org', 'registry.' + 'npmjs.org')
MACHINE = re.compile(r'(?<![\w./$}-])/(?:work|farm|home|root|opt|Users)/[\w.-]+')
SECRETS = (
    re.compile(r'-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}'),
    re.compile(r'\bgAAAA[A-Za-z0-9_-]{60,}'),
    re.compile(r'\b(?:ghp|gho|glpat|AKIA)[_-]?[A-Za-z0-9]{16,}'),
)


def leaks(sources: Sequence[tree.Source]) -> list[str]:
    """Names of registries, paths of somebody's machine, and what looks like a secret."""
    found = []
    for source in sources:
        for number, line in enumerate(source.lines, 1):
            words = [host for host in HOSTS if host in line] + MACHINE.findall(line)
            found += [f'{source.path}:{number}: {word}' for word in words]
        found += [f'{source.path}: looks like a secret' for pattern in SECRETS if pattern.search(source.text)]
    return found


def commands(sources: Sequence[tree.Source]) -> list[str]:
    """Words that the command line takes as commands."""
    return [
        node.args[0].value
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == 'add_parser'
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    ]


def absent(words: Sequence[str], text: str) -> list[str]:
    """Those of the words that the text does not hold as words of their own."""
    return [word for word in words if not re.search(rf'(?<![\w-]){re.escape(word)}(?![\w-])', text)]


def targets(makefile: str) -> list[str]:
    return re.findall(r'^([a-z][a-z-]*):(?!=)', makefile, re.MULTILINE)


def make_calls(text: str) -> list[str]:
    """Targets that a document tells its reader to make, in code spans and code blocks."""
    return re.findall(r'(?:^[ $]*|`)make ([a-z][a-z-]*)', text, re.MULTILINE)


def links(text: str) -> list[str]:
    """Local targets of a document's links, without anchors."""
    return [target for target in re.findall(r'\]\(([^)#\s]+)[^)]*\)', text) if '://' not in target]


def rooms(text: str, floors: Sequence[str]) -> list[str]:
    """Folders and modules of the house that a document names in code spans: `rules/placement`, `sites/http/`."""
    spans = re.findall(r'`(?:hansa/)?((?:[a-z_]+/)+(?:[a-z_]+)?)(?:\.py)?`', text)
    return [span.rstrip('/') for span in spans if span.split('/')[0] in floors]
