"""A simulated OpenStack cloud with very many servers, as an ASGI app: the ordinary one over rows, with a life and faults of its own."""

from __future__ import annotations

import email.utils
import hashlib
from collections import Counter
from typing import Any

from hansa.ports.clock import Clock
from hansa.sites.sim import cloud, servers
from hansa.sites.sim.fleet.clock import SiteClock
from hansa.sites.sim.fleet.life import Life, Storm, Tally
from hansa.sites.sim.fleet.lists import Lists
from hansa.sites.sim.fleet.rows import DOCUMENT, STAGES
from hansa.sites.sim.fleet.shapes import Shapes
from hansa.sites.sim.fleet.state import FleetState
from hansa.sites.sim.fleet.trouble import Fault, Left, Trouble
from hansa.sites.sim.state import Doc, z
from hansa.sites.sim.wire import Answer

MOST_STORMS = 10


class FleetCloud(cloud.SimCloud):
    """`size` servers, `volumes` of them with a volume each (a share), `life` changes per server and day."""

    def __init__(self, name: str, clock: Clock, seed: int = 0, size: int = 0, volumes: float = 0.3, life: float = 0.0) -> None:
        self.site_clock = SiteClock(clock)
        self.rows = FleetState(name, self.site_clock, seed)
        super().__init__(name, self.site_clock, seed, self.rows, remembered=0)
        self.rows.populate(size, volumes)
        self.tally = Tally()
        self.requests = 0
        self.trouble = Trouble(f'{seed}/{name}/fault', self.site_clock)
        self._life = Life(self.rows, life if size else 0.0, self.tally)
        self._storms: list[Storm] = []
        self._number = 0
        self.shortcut = Lists(self.rows, Shapes(self.rows), self.trouble.twist, self.trouble.lost).answer

    def storm(self, changes: int, seconds: float) -> None:
        """All servers change so many times within so many seconds. Raises ValueError while too many storms go on."""
        self.settle()
        if len(self._storms) >= MOST_STORMS:
            raise ValueError(f'{MOST_STORMS} storms at once are enough')
        self._number += 1
        self._storms.append(Storm(self.rows, changes, seconds, f'storm/{self._number}', self.tally))

    def quicken(self, rate: float) -> None:
        """So many changes per server and day from now on."""
        self.settle()
        self._life.quicken(rate)

    def strike(self, fault: Fault) -> None:
        """Let a fault stand from now on."""
        self.settle()
        self.trouble.add(fault)
        self._skew()

    def heal(self) -> None:
        """No more faults."""
        self.settle()
        self.trouble.clear()
        self._skew()

    def _skew(self) -> None:
        """Set the site's clock; what is under way does not take longer by it."""
        moved = self.trouble.skew() - self.site_clock.offset
        if moved:
            self.site_clock.offset += moved
            self.state.agenda = [(event[0] + moved, *event[1:]) for event in self.state.agenda]

    def settle(self) -> None:
        self._skew()
        super().settle()
        now = self.site_clock.true.now()
        self._life.advance(now)
        for storm in self._storms:
            storm.advance(now)
        self._storms = [storm for storm in self._storms if storm.left]

    async def __call__(self, scope: cloud.Message, receive: cloud.Receive, send: cloud.Send) -> None:
        if scope['type'] == 'http':
            self.requests += 1
            method, path = scope['method'], scope['path']
            try:
                suffered = await self.trouble.before(path.split('/')[1], method, path, receive)
            except Left:
                return
            if suffered:
                await cloud.reply(send, suffered, method, {})
                return
        await super().__call__(scope, receive, send)

    def answer(
        self, service: str, method: str, path: str, query: str, headers: dict[str, str], body: bytes, base: str
    ) -> tuple[Answer, dict[str, str]]:
        answer, stamp = super().answer(service, method, path, query, headers, body, base)
        if method == 'POST' and answer.status == 202 and isinstance(answer.doc, dict):
            answer = self._halved(answer, service, path)
        elif method == 'GET' and isinstance(answer.doc, dict):
            for listed in answer.doc.values():
                if isinstance(listed, list) and all(isinstance(one, dict) and 'id' in one for one in listed):
                    self.trouble.twist(listed)
        return answer, stamp | {'Date': email.utils.formatdate(self.site_clock.now(), usegmt=True)}

    def _halved(self, answer: Answer, service: str, path: str) -> Answer:
        made = next((answer.doc[key] for key in ('server', 'volume') if key in answer.doc), None)
        if made is None or not self.trouble.half_made(service, 'POST', path):
            return answer
        self.state.forget(made['id'])
        return Answer(500, raw=b'Internal Server Error', headers={'Content-Type': 'text/plain'})

    # -- for whoever watches

    def told(self, digest: bool = False, recent: bool = False) -> Doc:
        """How many there are by status, what has happened, what goes wrong; the digest is `digest_of` of all servers."""
        self.settle()
        count: Counter[str] = Counter()
        for code, stage in enumerate(STAGES):
            count[servers.status({'_vm': stage.vm, '_task': stage.task})] += self.rows.server_rows.code.count(code)
        for doc in self.rows.server_table.kept.values():
            count[servers.status(doc)] += 1
        deleted = count.pop('DELETED', 0)
        shown: dict[str, Any] = {
            'servers': {word: number for word, number in sorted(count.items()) if number},
            'deleted': deleted,
            'ports': len(self.rows.port_table),
            'volumes': len(self.rows.volume_table),
            'documents': len(self.rows.server_table.kept) + len(self.rows.port_table.kept) + len(self.rows.volume_table.kept),
            'changes': self.tally.changes,
            'latest': self.tally.latest,
            'storm': sum(storm.left for storm in self._storms),
            'requests': self.requests,
            'clock': self.site_clock.now(),
            'faults': [fault.kind for fault in self.trouble.faults],
        }
        if recent:
            shown['recent'] = [{'id': self.rows.server_table.id(number), 'status': _WORDS[stage], 'at': when} for when, number, stage in self.tally.recent]
        return shown | ({'digest': self._digest()} if digest else {})

    def _digest(self) -> str:
        lines = []
        for number in self.rows.server_table.present():
            code = self.rows.server_rows.code[number]
            if code == DOCUMENT:
                doc = self.rows.server_table.kept[number]
                word, when = servers.status(doc), doc['_updated']
            else:
                word, when = _WORDS[code], self.rows.server_rows.updated[number]
            if word != 'DELETED':
                lines.append((self.rows.server_table.id(number), word, z(when)))
        return digest_of(lines)


def digest_of(servers: list[tuple[str, str, str]]) -> str:
    """SHA-256 over lines 'id status updated', in the order of the ids; `updated` as Nova writes it."""
    return hashlib.sha256('\n'.join(' '.join(one) for one in sorted(servers)).encode()).hexdigest()


_WORDS = [servers.status({'_vm': stage.vm, '_task': stage.task}) for stage in STAGES]
