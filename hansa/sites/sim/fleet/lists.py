"""Quick answers about rows: lists and single objects as agents ask for them. What they do not understand the ordinary handlers answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from hansa.sites.sim import netkinds, netlist, ports, servers, volumes, wire
from hansa.sites.sim.fleet import rows
from hansa.sites.sim.fleet.rows import DOCUMENT, GONE
from hansa.sites.sim.fleet.shapes import Shapes
from hansa.sites.sim.fleet.state import FleetState
from hansa.sites.sim.fleet.table import Table
from hansa.sites.sim.state import Doc, moment
from hansa.sites.sim.wire import Answer, Ask

Twist = Callable[[list[str]], list[str]]
Windows = Callable[[], list[tuple[float, float]]]
_MOST = 1000
_SERVERS = {'all_tenants', 'limit', 'marker', 'changes-since', 'changes-before', 'project_id', 'tenant_id', 'sort_key', 'sort_dir', 'status'}
_PORTS = {'limit', 'marker', 'fields', 'changed_since', 'project_id', 'tenant_id', 'id'}
_VOLUMES = {'all_tenants', 'limit', 'marker', 'updated_at', 'project_id', 'sort', 'sort_key', 'sort_dir'}


class Lists:
    """`twist` is what happens to the entries of a page, `lost` the times whose changes are never told: see trouble."""

    def __init__(self, state: FleetState, shapes: Shapes, twist: Twist, lost: Windows) -> None:
        self._state = state
        self._shapes = shapes
        self._twist = twist
        self._lost = lost

    def answer(self, ask: Ask) -> Answer | None:
        """The answer; None where an ordinary handler has to see to it."""
        if ask.method != 'GET':
            return None
        words = ask.path.strip('/').split('/')
        wanted = dict(ask.query)
        if len(wanted) < len(ask.query):
            return None
        if words[0] == 'servers' and len(words) < 3:
            return self._servers(ask, words, wanted)
        if words[0] == 'ports' and len(words) < 3:
            return self._ports(ask, words, wanted)
        if words[0] == 'volumes' and len(words) < 3:
            return self._volumes(ask, words, wanted)
        return None

    def _mine(self, ask: Ask) -> bool:
        """Whether the caller's own project is that of the rows."""
        return ask.who.project == self._state.ground.project

    # -- servers

    def _servers(self, ask: Ask, words: list[str], wanted: dict[str, str]) -> Answer | None:
        if len(words) == 2 and words[1] != 'detail':
            return self._server(ask, words[1]) if not wanted else None
        every = 'all_tenants' in wanted and ask.flag('all_tenants')
        order = wanted.get('sort_key', 'created_at'), wanted.get('sort_dir', 'desc')
        if not wanted.keys() <= _SERVERS or order != ('created_at', 'desc') or (every and not ask.who.admin):
            return None
        state, since, before = self._state, _moment(wanted, 'changes-since'), _moment(wanted, 'changes-before')
        most, start = _limit(wanted), _start(state.server_table, wanted.get('marker', ''))
        project = (wanted.get('project_id') or wanted.get('tenant_id') or '').rpartition('/')[2]
        if since is None or before is None or not most or start < 0:
            return None
        stages = _stages(wanted.get('status', ''), deleted=since > 0)
        if not stages:
            return None
        rows_fit = (every or self._mine(ask)) and project in ('', state.ground.project)

        def fits(doc: Doc) -> bool:
            if not (every or doc['project_id'] == ask.who.project) or project not in ('', doc['project_id']):
                return False
            known = since > 0 or doc['_vm'] != 'deleted'
            return known and ('status' not in wanted or servers.status(doc) == wanted['status'].upper())

        found = self._chosen(state.server_table, start, since, before or rows.NONE, stages if rows_fit else frozenset(), fits)
        numbers = [number for _, number in zip(range(most), found, strict=False)]
        detail = len(words) == 2
        texts = [self._detail(ask, number) if detail else self._brief(ask, number) for number in numbers]
        link = f'{ask.base}/compute/v2.1{ask.path}' if len(numbers) == most else ''
        return self._page(ask, 'servers', texts, link, state.server_table.id(numbers[-1]) if numbers else '')

    def _server(self, ask: Ask, id: str) -> Answer | None:
        number = self._state.server_table.number(id)
        if number < 0 or not self._state.plain(number) or not (ask.who.admin or self._mine(ask)):
            return None
        if self._state.server_rows.code[number] == rows.DELETED:
            raise wire.Refused(404, f'Instance {id} could not be found.')
        return _raw(f'{{"server":{self._shapes.server(ask, number, single=True)}}}')

    def _detail(self, ask: Ask, number: int) -> str:
        if self._state.plain(number):
            return self._shapes.server(ask, number)
        return _text(servers.view(ask, self._state.server_table.peek(number), single=False))

    def _brief(self, ask: Ask, number: int) -> str:
        if self._state.server_rows.code[number] != DOCUMENT:
            return self._shapes.brief_server(ask, number)
        doc = self._state.server_table.peek(number)
        return _text({'id': doc['id'], 'name': doc['name'], 'links': servers.links(ask, 'servers', doc['id'])})

    # -- volumes

    def _volumes(self, ask: Ask, words: list[str], wanted: dict[str, str]) -> Answer | None:
        state = self._state
        if len(words) == 2 and words[1] != 'detail':
            number = state.volume_table.number(words[1])
            if wanted or number < 0 or state.volume_rows.code[number] >= GONE or not (ask.who.admin or self._mine(ask)):
                return None
            return _raw(f'{{"volume":{self._shapes.volume(ask, number)}}}')
        every = ask.who.admin and 'all_tenants' in wanted and ask.flag('all_tenants')
        order = wanted.get('sort_key', 'created_at'), wanted.get('sort_dir', 'desc'), wanted.get('sort', 'created_at:desc')
        if not wanted.keys() <= _VOLUMES or order != ('created_at', 'desc', 'created_at:desc') or 'project_id' in wanted:
            return None
        word, _, stamp = wanted.get('updated_at', 'gte:').partition(':')
        since = _moment({'updated_at': stamp} if stamp else {}, 'updated_at')
        most, start = _limit(wanted), _start(state.volume_table, wanted.get('marker', ''))
        if word != 'gte' or since is None or not most or start < 0:
            return None

        def fits(doc: Doc) -> bool:
            return every or bool(doc['project_id'] == ask.who.project)

        codes = frozenset(range(len(rows.VOLUME_STATUS))) if every or self._mine(ask) else frozenset[int]()
        found = self._chosen(state.volume_table, start, since, rows.NONE, codes, fits)
        numbers = [number for _, number in zip(range(most), found, strict=False)]
        texts = [self._volume(ask, number, len(words) == 2) for number in numbers]
        project = ask.headers.get('_project', '')
        link = f'{ask.base}/volume/v3{"/" + project if project else ""}{ask.path}' if len(numbers) == most else ''
        return self._page(ask, 'volumes', texts, link, state.volume_table.id(numbers[-1]) if numbers else '')

    def _volume(self, ask: Ask, number: int, detail: bool) -> str:
        if self._state.volume_rows.code[number] != DOCUMENT:
            return self._shapes.volume(ask, number) if detail else self._shapes.brief_volume(ask, number)
        doc = self._state.volume_table.peek(number)
        return _text(volumes.view(ask, doc) if detail else {'id': doc['id'], 'name': doc['name'], 'links': volumes.links(ask, doc['id'])})

    # -- ports

    def _ports(self, ask: Ask, words: list[str], wanted: dict[str, str]) -> Answer | None:
        state, table = self._state, self._state.port_table
        if len(words) == 2:
            number = table.number(words[1])
            if wanted or number < 0 or state.port_rows.code[number] >= GONE or not (ask.who.admin or self._mine(ask)):
                return None
            return _raw(f'{{"port":{self._shapes.port(ask, number)}}}')
        marker, limit = wanted.get('marker', ''), wanted.get('limit', '0')
        since, project = _moment(wanted, 'changed_since'), wanted.get('project_id') or wanted.get('tenant_id') or ''
        if not wanted.keys() <= _PORTS or wanted.get('fields', 'id') != 'id' or since is None or not limit.isdigit():
            return None
        if marker and table.number(marker) < 0:
            return None
        numbers: Iterable[int] = table.by_id()[table.after(table.number(marker)) if marker else 0 :]
        if 'id' in wanted:
            numbers = [number for number in numbers if number == table.number(wanted['id'])]

        def fits(doc: Doc) -> bool:
            return netkinds.may_see(ask, ports.PORTS, doc) and project in ('', doc['project_id'])

        shown = (ask.who.admin or self._mine(ask)) and project in ('', state.ground.project)
        found = self._among(table, numbers, since, rows.NONE, frozenset([0]) if shown else frozenset(), fits)
        most = int(limit)
        chosen = [number for _, number in zip(range(most), found, strict=False)] if most else list(found)
        brief = 'fields' in wanted
        texts = [f'{{"id":"{table.id(number)}"}}' if brief else self._port(ask, number) for number in chosen]
        links = netlist.links_of(ask, ports.PORTS, [{'id': table.id(number)} for number in chosen], most, reverse=False)
        return _raw(f'{{"ports":[{",".join(self._twist(texts))}]{_linked("ports", links)}}}')

    def _port(self, ask: Ask, number: int) -> str:
        if self._state.port_rows.code[number] != DOCUMENT:
            return self._shapes.port(ask, number)
        return _text(netkinds.view(ask, ports.PORTS, self._state.port_table.peek(number)))

    # -- all

    def _chosen(
        self, table: Table, start: int, since: float, before: float, codes: frozenset[int], fits: Callable[[Doc], bool]
    ) -> Iterator[int]:
        """The youngest first, from below `start` on."""
        return self._among(table, range(start - 1, -1, -1), since, before, codes, fits)

    def _among(
        self, table: Table, numbers: Iterable[int], since: float, before: float, codes: frozenset[int], fits: Callable[[Doc], bool]
    ) -> Iterator[int]:
        code, updated, windows = table.rows.code, table.rows.updated, self._lost() if since else []
        for number in numbers:
            if code[number] in codes:
                when: float = updated[number]
            elif code[number] == DOCUMENT and fits(doc := table.kept[number]):
                when = _changed(doc)
            else:
                continue
            if since <= when <= before and not any(low <= when < high for low, high in windows):
                yield number

    def _page(self, ask: Ask, kind: str, texts: list[str], link: str, last: str) -> Answer:
        links = [{'rel': 'next', 'href': f'{link}?{wire.next_query(ask, {"id": last})}'}] if link else []
        return _raw(f'{{"{kind}":[{",".join(self._twist(texts))}]{_linked(kind, links)}}}')


def _changed(doc: Doc) -> float:
    if 'updated_at' in doc:
        return moment(doc['updated_at'])
    return float(int(doc['_updated'] or doc['_created']))


def _stages(word: str, deleted: bool) -> frozenset[int]:
    """Numbers of the stages that a status means; none for a word that is no status."""
    found = set(range(len(rows.STAGES))) - (set() if deleted else {rows.DELETED})
    if word:
        found = {one for one in found if servers.status({'_vm': rows.STAGES[one].vm, '_task': rows.STAGES[one].task}) == word.upper()}
    return frozenset(found)


def _limit(wanted: dict[str, str]) -> int:
    """At most so many; 0 for what is no limit."""
    asked = wanted.get('limit', str(_MOST))
    return min(int(asked), _MOST) if asked.isdigit() else 0


def _start(table: Table, marker: str) -> int:
    """Below which number to begin; -1 for a marker that is not known."""
    return table.number(marker) if marker else len(table.rows)


def _moment(wanted: dict[str, str], key: str) -> float | None:
    """Epoch seconds; 0 where nothing is asked, None for what is no time."""
    try:
        return moment(wanted[key]) if key in wanted else 0.0
    except ValueError:
        return None


def _text(doc: Doc) -> str:
    return msgspec.json.encode(doc).decode()


def _linked(kind: str, links: list[Doc]) -> str:
    return f',"{kind}_links":{msgspec.json.encode(links).decode()}' if links else ''


def _raw(text: str) -> Answer:
    return Answer(200, raw=text.encode())
