"""Who may import whom: the floors of docs/architecture.md as a table, and the search for cycles."""

from __future__ import annotations

from collections.abc import Sequence

from tests.tidy import tree

BELOW: dict[str, tuple[str, ...]] = {
    'model': (),
    'rules': ('model',),
    'ports': ('model',),
    'services': ('ports', 'rules', 'model'),
    'workflows': ('services', 'ports', 'rules', 'model'),
    'sync': ('ports', 'rules', 'model'),
    'sites': ('ports', 'rules', 'model'),
    'storage': ('ports', 'rules', 'model'),
    'keystone': ('ports', 'rules', 'model'),
    'bus': ('ports', 'rules', 'model'),
    'northbound': ('services', 'ports', 'rules', 'model'),
    'entry': ('northbound', 'services', 'workflows', 'sync', 'sites', 'storage', 'keystone', 'bus', 'ports', 'rules', 'model'),
}
SHARED_ROOMS = {'northbound': ('hall',), 'sites': ('http',)}
PURE = ('model', 'rules')
IMPURE = ('asyncio', 'http', 'logging', 'os', 'pathlib', 'random', 'socket', 'sqlite3', 'subprocess', 'threading', 'time')
LIBRARIES_OF_PURE = ('msgspec', '__future__')
LIBRARIES_OF_ROOMS = {'rules/dispersal': ('cryptography', 'pyeclib', 'Crypto'), 'rules/s3': ('awscrt',)}


def breaches(sources: Sequence[tree.Source], stdlib: frozenset[str]) -> list[str]:
    """Imports that go up, across, into a neighbour's room, or from a pure floor to the world."""
    known = [s.module for s in sources]
    return [
        f'{source.path}:{line}: {why}'
        for source in sources
        for line, name in tree.imports(source, known)
        if (why := _fault(source.module.split('.'), name.split('.'), stdlib))
    ]


def _fault(here: list[str], there: list[str], stdlib: frozenset[str]) -> str:
    if here[0] != 'hansa' or len(here) < 2:
        return ''
    floor = here[1]
    if floor not in BELOW:
        return '' if len(here) == 2 and floor.startswith('__') else f'hansa/{floor} has no place in the table of floors'
    if there[0] != 'hansa':
        return _foreign(floor, LIBRARIES_OF_ROOMS.get('/'.join(here[1:3]), ()), there, stdlib)
    if len(there) < 2:
        return ''
    if there[1] != floor:
        return '' if there[1] in BELOW[floor] else f'{floor} may not import {there[1]}'
    if floor not in SHARED_ROOMS or len(here) < 3 or len(there) < 3:
        return ''
    if there[2] in (here[2], *SHARED_ROOMS[floor]):
        return ''
    return f'{floor}/{here[2]} may not import {floor}/{there[2]}'


def _foreign(floor: str, own: Sequence[str], there: list[str], stdlib: frozenset[str]) -> str:
    if floor not in PURE:
        return ''
    if there[0] not in stdlib and there[0] not in (*LIBRARIES_OF_PURE, *own):
        return f'{floor} is pure and may not import {there[0]}'
    if there[0] in IMPURE:
        return f'{floor} is pure: no I/O, no clock, no loop, so not {there[0]}'
    return ''


def cycles(sources: Sequence[tree.Source]) -> list[str]:
    """Groups of modules that import each other, by Tarjan's algorithm, without recursion."""
    known = [s.module for s in sources]
    edges = {s.module: sorted({name for _, name in tree.imports(s, known) if name in known}) for s in sources}
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[str] = []
    for start in sorted(edges):
        work = [(start, iter(edges[start]))] if start not in order else []
        if work:
            order[start] = low[start] = len(order)
            stack.append(start)
        while work:
            node, children = work[-1]
            child = next(children, None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == order[node]:
                    group = stack[stack.index(node) :]
                    del stack[stack.index(node) :]
                    if len(group) > 1 or node in edges[node]:
                        groups.append('import each other: ' + ', '.join(sorted(group)))
            elif child not in order:
                order[child] = low[child] = len(order)
                stack.append(child)
                work.append((child, iter(edges[child])))
            elif child in stack:
                low[node] = min(low[node], order[child])
    return groups
