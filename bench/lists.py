"""A page of a thousand servers out of ten thousand, from Hansa's inventory, against the same page from a real Nova."""

from __future__ import annotations

from bench import cloud, load, nova, rig
from bench.figures import Figure

PAGE = 1000


def measure(on: rig.Rig, seconds: float, servers: int, real: nova.Source | None) -> list[Figure]:
    """`servers` stand at the simulated site; the page is of 1000, or of as many as the real Nova could be given."""
    first = rig.server(on.direct, 'bench-list')
    on.clone(first, servers - 1)
    took = cloud.until(lambda: _count(on.users) >= servers, f'{servers} servers in the inventory', 600, pause=1)
    about = f'{servers} servers that appear at a site: all listed after'
    told = [Figure('list_sync_s', took, 's', about)]
    mine = load.run(on.users.url('compute', f'/servers/detail?limit={PAGE}'), on.users.headers, 1, seconds)
    told += [
        Figure('list_hansa_p50_ms', mine.p50_ms, 'ms', f'Hansa: /servers/detail?limit={PAGE} of {servers}, p50'),
        Figure('list_hansa_kb', mine.bytes / 1000, 'kB', 'Hansa: size of that page'),
    ]
    goal = 'list_ratio', 'x', 'list of servers: Hansa against a real Nova, times faster'
    if real is None:
        note = 'no real Nova: LAB_CLOUDS names no clouds.yaml; `make bench` has one'
        return [*told, Figure(goal[0], None, goal[1], goal[2], 10, at_least=True, note=note)]
    with real.filled() as (there, held):
        theirs = load.run(there.url('compute', f'/servers/detail?limit={PAGE}'), there.headers, 1, seconds)
    told += [
        Figure('list_nova_servers', held, '', 'Nova: servers that it was given'),
        Figure('list_nova_p50_ms', theirs.p50_ms, 'ms', f'Nova: /servers/detail?limit={PAGE}, p50'),
        Figure('list_nova_kb', theirs.bytes / 1000, 'kB', 'Nova: size of that page'),
    ]
    if held >= PAGE:
        return [*told, Figure(goal[0], theirs.p50_ms / mine.p50_ms, goal[1], goal[2], 10, at_least=True)]
    # Nova held fewer than a page: compare pages of equally many.
    same = load.run(on.users.url('compute', f'/servers/detail?limit={held}'), on.users.headers, 1, seconds)
    note = f'both pages of {held}, as Nova held no more'
    return [*told, Figure(goal[0], theirs.p50_ms / same.p50_ms, goal[1], goal[2], 10, at_least=True, note=note)]


def _count(users: cloud.Cloud) -> int:
    total, marker = 0, ''
    while True:
        page = users.call('GET', 'compute', f'/servers?limit={PAGE}{marker}')['servers']
        total += len(page)
        if len(page) < PAGE:
            return total
        marker = f'&marker={page[-1]["id"]}'
