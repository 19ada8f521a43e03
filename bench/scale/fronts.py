"""Two fronts on PostgreSQL against one, and how much more two could do at all on the cores of this machine.

Both are loaded directly, without the balancer, with what the everyday mix reads: pages of lists, and servers by their ids, which their sites are asked
for. They are measured in two ways:

- As they are. Everything runs on the same cores - the fronts, PostgreSQL, the sites, the clients that ask - so that the cores may end before the second
  front is of full use. So they are measured too: two fronts can do CEILING times as much as one at most, or so many times as what one front and all that
  worked for it took of the cores goes into what two busy processes get of them. Where that is GOAL or more, the goal is GOAL; else it is SHARE of that.
- Held: each front may run for a SLICE of the time only, in turns, as if it had that much of a core. Then the cores are enough for two and what they ask of the
  others, and the goal is GOAL: whether the fronts stand in each other's way, at PostgreSQL above all, is seen on two cores too.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import signal
import statistics
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bench import cloud, load, processes
from bench.figures import Figure
from bench.scale import flotilla, gauges
from bench.scale.size import Size
from cluster import rig

GOAL = 1.7
CEILING = 2.0
SHARE = GOAL / CEILING
"""Of two fronts on cores of their own 1.7 is asked; the same share is asked of what the cores here allow."""
SLICE = 0.25
SIZE = Size(2, 2000)
CONNECTIONS = 16
ROUNDS = 3
_MIX = {
    'compute /servers/detail?limit=50': 15, 'compute /flavors/detail': 10, 'image /images?limit=25': 10, 'network /v2.0/networks': 8,
    'volume /volumes/detail?limit=50': 5, 'network /v2.0/ports?limit=50': 4, 'network /v2.0/security-groups': 4, 'compute /limits': 2,
    'compute /os-availability-zone': 2,
}  # fmt: skip
_ONE = 30
BUSY_S = 1.5
PERIOD_S = 0.1
_BUSY = 'import sys, time; end = time.monotonic() + float(sys.argv[1]); n = 0\nwhile time.monotonic() < end: n += len(range(9))\nprint(n)'
_KNOWN_S = 90.0
_CALM_LOOKS, _CALM_S, _CALM_SHARE = 6, 3.0, 0.15


class Run(NamedTuple):
    """One load: requests a second, their p99, and the seconds of a core that each of `cpu` took in a second of it."""

    rate: float
    p99_ms: float
    cpu: dict[str, float]

    @property
    def cores(self) -> float:
        """That all took together."""
        return sum(self.cpu.values())


class Cores(NamedTuple):
    """How much a busy process did alone, and two at once together."""

    alone: float
    both: float

    @property
    def got(self) -> float:
        """How many cores the two had, as work counts them."""
        return self.both / self.alone


def measure(folder: pathlib.Path, seconds: float) -> list[Figure]:
    """One front and two in turns, the cores before each; medians of the turns."""
    folder.mkdir(parents=True)
    with flotilla.sailing(folder, SIZE) as fleet:
        sites = ','.join(f'{name}={name}' for name in fleet.sites)
        with rig.standing(folder / 'cluster', str(fleet.clouds), sites) as league:
            _known(league)
            users = cloud.Cloud(league.users, 'hansa')
            mix = _mix(users)
            programs = {name: [league.program(name)] for name in ('front1', 'front2')}
            others = [league.program(name) for name in league.running if name not in programs]
            programs |= {'postgresql': [league.beside['postgresql']], 'sites': [fleet.program], 'others': others}
            doors = [league.doors['front1'], league.doors['front2']]
            for door in doors:
                load.play(_rounds(mix, [door]), users.headers, CONNECTIONS, 2)
            one, two, cores = list[Run](), list[Run](), list[Cores]()
            for _ in range(ROUNDS):
                cores.append(busy())
                one.append(_run(programs, _rounds(mix, doors[:1]), users.headers, seconds))
                two.append(_run(programs, _rounds(mix, doors), users.headers, seconds))
            held = list[Run](), list[Run]()
            with _held([league.running[name].pid for name in ('front1', 'front2')]):
                for _ in range(ROUNDS):
                    held[0].append(_run(programs, _rounds(mix, doors[:1]), users.headers, seconds))
                    held[1].append(_run(programs, _rounds(mix, doors), users.headers, seconds))
    return [*figures(one, two, cores), *slices(*held)]


def figures(one: Sequence[Run], two: Sequence[Run], cores: Sequence[Cores]) -> list[Figure]:
    """What is told of turns with one front, with two, and of the cores."""
    rates = [statistics.median(run.rate for run in runs) for runs in (one, two)]
    count = statistics.median(each.got for each in cores)
    taken = [statistics.median(run.cores for run in runs) for runs in (one, two)]
    ceiling = max(1.0, min(CEILING, count / taken[0]))
    ratio, allowed = rates[1] / rates[0], ceiling >= GOAL
    told = [
        Figure(f'fronts_{name}_rps', rate, '1/s', f'{name}: requests a second', note=_spent(runs))
        for name, rate, runs in zip(('one', 'two'), rates, (one, two), strict=True)
    ]
    told += [
        Figure(f'fronts_{name}_p99_ms', statistics.median(run.p99_ms for run in runs), 'ms', f'{name}: p99 at {CONNECTIONS} connections a front')
        for name, runs in (('one', one), ('two', two))
    ]
    told += [
        Figure(f'fronts_{name}_cores', cores_, 'cores', f'{name}: what all processes together took of the cores')
        for name, cores_ in zip(('one', 'two'), taken, strict=True)
    ]
    why = f'at most {CEILING:g}; here the cores that two busy processes get, divided by those that one front and all that worked for it took'
    beyond = f'the cores of this machine allow {ceiling:.3g}, so that {GOAL:g} could not be met here; what is asked instead is the share of that'
    return [
        *told,
        Figure('fronts_cores', count, 'cores', 'two plain busy processes at once: work of both against that of one alone'),
        Figure('fronts_ceiling', ceiling, 'x one front', 'the most that two fronts could do on these cores', note=why),
        Figure(
            'fronts_ratio', ratio, 'x one front', 'two fronts on PostgreSQL: requests a second', GOAL if allowed else None, at_least=True,
            note='' if allowed else beyond,
        ),
        Figure('fronts_share', ratio / ceiling, 'x ceiling', 'two fronts: that against what the cores allow', None if allowed else SHARE, at_least=True),
    ]  # fmt: skip


def slices(one: Sequence[Run], two: Sequence[Run]) -> list[Figure]:
    """What is told of turns with fronts that were held."""
    rates = [statistics.median(run.rate for run in runs) for runs in (one, two)]
    who = f'fronts held to {SLICE:g} of a core each'
    return [
        Figure('fronts_held_one_rps', rates[0], '1/s', f'{who}, one: requests a second', note=_spent(one)),
        Figure('fronts_held_two_rps', rates[1], '1/s', f'{who}, two: requests a second', note=_spent(two)),
        Figure('fronts_held_cores', statistics.median(run.cores for run in two), 'cores', f'{who}, two: what all processes together took'),
        Figure('fronts_held_ratio', rates[1] / rates[0], 'x one front', f'{who}: two against one', GOAL, at_least=True),
    ]


@contextlib.contextmanager
def _held(pids: Sequence[int]) -> Iterator[None]:
    """While the block lasts each of these runs for its slice of each PERIOD_S only, one after the other."""
    over = threading.Event()

    def hold() -> None:
        while not over.is_set():
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
                over.wait(SLICE * PERIOD_S)
                os.kill(pid, signal.SIGSTOP)
            over.wait((1 - SLICE * len(pids)) * PERIOD_S)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def busy(seconds: float = BUSY_S) -> Cores:
    """One plain process that does nothing but count, then two at once."""
    [alone] = _count(1, seconds)
    return Cores(alone, sum(_count(2, seconds)))


def _count(many: int, seconds: float) -> list[float]:
    words = (processes.PYTHON, '-c', _BUSY, str(seconds))
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(many)]
    return [float(each.communicate(timeout=60)[0]) for each in running]


def _run(programs: Mapping[str, Sequence[processes.Program]], rounds: Sequence[Sequence[str]], headers: Mapping[str, str], seconds: float) -> Run:
    before = _cpu(programs)
    seen = load.play(rounds, headers, CONNECTIONS, seconds)
    spent = {name: (after - before[name]) / seen.seconds for name, after in _cpu(programs).items()}
    run = Run(seen.requests / seen.seconds, seen.p99_ms, {**spent, 'clients': seen.cpu / seen.seconds})
    print(f'  {len(rounds)}: {run.rate:.0f} requests a second', flush=True)
    return run


def _cpu(programs: Mapping[str, Sequence[processes.Program]]) -> dict[str, float]:
    return {name: sum(each.cpu() for each in some) for name, some in programs.items()}


def _spent(runs: Sequence[Run]) -> str:
    shares = {name: statistics.median(1e6 * run.cpu[name] / run.rate for run in runs) for name in runs[0].cpu}
    return 'us of a core a request: ' + ', '.join(f'{name} {share:.0f}' for name, share in shares.items())


def _mix(users: cloud.Cloud) -> list[str]:
    """URLs as the catalogue has them, in an order that is the same each time."""
    held = users.call('GET', 'compute', '/servers?limit=1000')['servers']
    chance = random.Random(1)  # noqa: S311 - an order, no secret
    urls = [users.url(*what.split(' ', 1)) for what, weight in _MIX.items() for _ in range(weight)]
    urls += [users.url('compute', f'/servers/{each["id"]}') for each in chance.sample(held, _ONE)]
    chance.shuffle(urls)
    return urls


def _rounds(urls: Sequence[str], doors: Sequence[str]) -> list[list[str]]:
    return [[urllib.parse.urlsplit(url)._replace(netloc=door).geturl() for url in urls] for door in doors]


def _known(league: rig.Rig) -> None:
    """Wait until the inventory holds what the sites do, and the workers have come to rest - not for ever, as they may have none."""
    state = pathlib.Path(league.state('front1'))
    cloud.until(lambda: gauges.read(state).sum('inventory_records', kind='server') >= SIZE.total, 'all servers in the inventory', _KNOWN_S, 1)
    workers = [league.program(name) for name in league.running if name.startswith('worker')]

    for _ in range(_CALM_LOOKS):
        before = sum(each.cpu() for each in workers)
        time.sleep(_CALM_S)
        if sum(each.cpu() for each in workers) - before < _CALM_SHARE * _CALM_S:
            return
