"""The shape of modules: sizes, names, docstrings, and what has no place in them."""

from __future__ import annotations

import ast
import pathlib
import re
from collections.abc import Iterator, Sequence

from tests.tidy import tree

MODULE_LINES = 400
FUNCTION_LINES = 70
HOMELESS = ('utils', 'util', 'common', 'helpers', 'helper', 'manager', 'base')
EXPLAINED = ('hansa/ports/', 'hansa/model/', 'hansa/services/', 'hansa/rules/')
UNFINISHED = re.compile(r'\b(TODO|FIXME|XXX|NotImplementedError)\b')
MAY_WAIT = ('tests/lab/', 'bench/')


def sizes(sources: Sequence[tree.Source]) -> list[str]:
    """Modules and functions over the limits of the house."""
    long_modules = [f'{s.path}: {len(s.lines)} lines' for s in sources if len(s.lines) > MODULE_LINES]
    return long_modules + [
        f'{source.path}:{node.lineno}: {node.name} has {lines} lines'
        for source in sources
        for node in tree.functions(source)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]


def homeless(paths: Sequence[str]) -> list[str]:
    """Files and folders whose name says nothing."""
    return [
        f'{path}: a name without a noun'
        for path in paths
        if any(pathlib.PurePath(part).stem in HOMELESS for part in pathlib.PurePath(path).parts)
    ]


def silent(sources: Sequence[tree.Source]) -> list[str]:
    """Modules without an opening docstring, and public classes and functions of the explained rooms without one."""
    found = [f'{s.path}: opens without a docstring' for s in sources if s.text.strip() and not ast.get_docstring(s.tree)]
    for source in sources:
        if source.path.startswith(EXPLAINED):
            found += [
                f'{source.path}:{node.lineno}: {node.name} has no docstring'
                for node in _public(source.tree.body)
                if not ast.get_docstring(node)
            ]
    return found


def _public(body: Sequence[ast.stmt]) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith('_'):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith('_'):
            yield node
            if any(isinstance(base, ast.Name) and base.id == 'Protocol' for base in node.bases):
                yield from _public(node.body)


def unfinished(sources: Sequence[tree.Source]) -> list[str]:
    """Places that say of themselves that they are not done; this file names the words and is passed over."""
    return [
        f'{source.path}:{number}: {found.group()}'
        for source in sources
        if not source.path.startswith('tests/tidy/')
        for number, line in enumerate(source.lines, 1)
        if (found := UNFINISHED.search(line))
    ]


def swallowed(sources: Sequence[tree.Source]) -> list[str]:
    """Bare `except:`, which also eats the cancelling of a task."""
    return [
        f'{source.path}:{node.lineno}: bare except'
        for source in sources
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]


def mocks(sources: Sequence[tree.Source]) -> list[str]:
    """Imports of mocking libraries and use of pytest's patching of our own code."""
    return [
        f'{source.path}:{line}: {name}'
        for source in sources
        for line, name in tree.imports(source, ('unittest.mock',))
        if name.startswith(('unittest.mock', 'mock', 'pytest_mock'))
    ]


def sleeps(sources: Sequence[tree.Source]) -> list[str]:
    """Tests that wait for time to pass; `asyncio.sleep(0)` only lets others run and is taken."""
    return [
        f'{source.path}:{node.lineno}: a test that sleeps'
        for source in sources
        if source.path.startswith('tests/') and not source.path.startswith(MAY_WAIT)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and _waits(node)
    ]


def _waits(node: ast.Call) -> bool:
    target = node.func
    if not isinstance(target, ast.Attribute) or target.attr != 'sleep' or not isinstance(target.value, ast.Name):
        return False
    if target.value.id == 'time':
        return True
    asked = node.args[0] if node.args else None
    return target.value.id == 'asyncio' and not (isinstance(asked, ast.Constant) and asked.value == 0)


def unreasoned(sources: Sequence[tree.Source]) -> list[str]:
    """`type: ignore` and `noqa` without a code, or without a reason after it or in a comment on the line before."""
    marks = re.compile(r'#\s*(type:\s*ignore|noqa)(?P<code>\[[^]]+\]|:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*)?(?P<reason>.*)')
    return [
        f'{source.path}:{number}: {found.group().strip()}'
        for source in sources
        if not source.path.startswith('tests/tidy/')
        for number, line in enumerate(source.lines, 1)
        if (found := marks.search(line))
        if not (found['code'] and (re.search(r'\w{3}', found['reason']) or _remark(source.lines, number)))
    ]


def _remark(lines: Sequence[str], number: int) -> bool:
    return number > 1 and lines[number - 2].strip().startswith('# ')
