"""The project's files as the tidy checks read them: path, text and, of Python, the syntax tree."""

from __future__ import annotations

import ast
import functools
import pathlib
import subprocess
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).parents[2]
FOREIGN = ('lab/', 'LICENSE', '.lock')


class Source:
    """One file; `path` is relative to the project, `module` its dotted name ('' where it is not Python)."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.module = path.removesuffix('.py').removesuffix('/__init__').replace('/', '.') if path.endswith('.py') else ''

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


def paths(root: pathlib.Path = ROOT) -> list[str]:
    """Every file that is or would be committed; of an unpacked archive, every file."""
    listing = subprocess.run(
        ('git', '-C', str(root), 'ls-files', '--cached', '--others', '--exclude-standard'),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    if listing.returncode == 0:
        return sorted(path for path in set(listing.stdout.splitlines()) if (root / path).is_file())
    hidden = ('.venv', '.git', '.mypy_cache', '.ruff_cache', '.pytest_cache', '__pycache__')
    found = (path.relative_to(root) for path in root.rglob('*') if path.is_file())
    return sorted(str(path) for path in found if not set(path.parts) & set(hidden))


@functools.cache
def everything() -> tuple[Source, ...]:
    """All text files of the project."""
    found = []
    for path in paths():
        try:
            found.append(Source(path, (ROOT / path).read_text(encoding='utf-8')))
        except UnicodeDecodeError:
            continue
    return tuple(found)


def python(*folders: str) -> list[Source]:
    """Our own Python files, of these folders or all; the lab is kept in its own style."""
    ours = (s for s in everything() if s.module and not s.path.startswith(FOREIGN))
    return [s for s in ours if not folders or s.path.startswith(tuple(f'{folder}/' for folder in folders))]


def imports(source: Source, known: Sequence[str]) -> list[tuple[int, str]]:
    """(line, module) of all that a module imports, `from package import module` told as package.module."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                parts = source.module.split('.')
                depth = node.level - source.path.endswith('/__init__.py')
                base = '.'.join([*parts[: len(parts) - depth], *([base] if base else [])])
            for alias in node.names:
                full = f'{base}.{alias.name}'
                found.append((node.lineno, full if full in known else base))
    return found


def functions(source: Source) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
