"""What is measured, put together: a fleet of sites, a league over all of them, and how it grows to know them."""

from __future__ import annotations

import contextlib
import pathlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self

from bench import cloud, processes
from bench.scale import flotilla, gauges
from bench.scale.size import Size
from tests.lab import league

GROW_S = 900.0
MOST_BYTES = 6 << 30
_LOOK_S = 2.0
_WEIGH_S = 5.0
_CALM_S, _CALM_LOOKS, _CALM_SHARE = 10.0, 12, 0.1


class Stand(NamedTuple):
    """A fleet and the league over it; `users` is its plain user, who owns all servers."""

    size: Size
    fleet: flotilla.Flotilla
    hansa: processes.Program
    state: pathlib.Path
    users: cloud.Cloud
    admin: cloud.Cloud
    watch: Watch
    began: float
    ready: float
    early: float

    def look(self) -> gauges.Gauges:
        """What the league tells of itself now."""
        return gauges.read(self.state)

    def level(self, kind: str) -> int:
        """How many sites the inventory was level with in a kind, at some time."""
        return len(self.look().sites('inventory_age_seconds', kind=kind))

    def grown(self, kinds: Sequence[str], times: dict[str, float | None]) -> None:
        """Wait until the inventory has these kinds of all sites; `times` are told when each had, in seconds since the start. Raises RuntimeError when
        it takes too long.
        """

        def level() -> bool:
            for kind in kinds:
                if times.get(kind) is None and self.level(kind) == self.size.sites:
                    times[kind] = time.monotonic() - self.began
            return self.watch.sound() and all(times.get(kind) is not None for kind in kinds)

        cloud.until(level, f'{", ".join(kinds)} of all sites', self.began + GROW_S - time.monotonic(), _LOOK_S)

    def calm(self) -> None:
        """Wait until all sites are known and the league has come to rest; not for ever, as it may have none. Raises RuntimeError as `grown`."""
        self.grown(('server', 'port', 'volume'), {})
        for _ in range(_CALM_LOOKS):
            before = self.hansa.cpu()
            time.sleep(_CALM_S)
            if self.hansa.cpu() - before < _CALM_SHARE * _CALM_S:
                return


class Watch:
    """Weighs a program and its children every few seconds."""

    def __init__(self, program: processes.Program) -> None:
        self.most = 0
        self._program = program
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def sound(self) -> bool:
        """True. Raises RuntimeError where the program takes so much memory that the machine is in danger."""
        if self.most > MOST_BYTES:
            raise RuntimeError(f'The league takes {self.most >> 20} MiB; that is the end of this.')
        return True

    def _go_on(self) -> None:
        while not self._over.wait(_WEIGH_S):
            self.most = max(self.most, self._program.share())


@contextlib.contextmanager
def standing(folder: pathlib.Path, size: Size) -> Iterator[Stand]:
    """Start the fleet and the league, which begins to grow; end both. The league's folder is left: `folder / 'state'`."""
    with contextlib.ExitStack() as stack:
        fleet = stack.enter_context(flotilla.sailing(folder, size))
        began = time.monotonic()
        one = stack.enter_context(league.serve(fleet.clouds, '', folder / 'state'))
        hansa = processes.Program(one.pid, one.log)
        watch = stack.enter_context(Watch(hansa))
        ready, early = time.monotonic(), gauges.read(one.state).sum('site_records_total')
        yield Stand(
            size=size,
            fleet=fleet,
            hansa=hansa,
            state=one.state,
            users=cloud.Cloud(one.clouds, 'hansa'),
            admin=cloud.Cloud(one.clouds, 'hansa-admin'),
            watch=watch,
            began=began,
            ready=ready - began,
            early=early,
        )
