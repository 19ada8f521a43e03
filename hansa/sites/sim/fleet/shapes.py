"""JSON of objects that nobody touched: the text of one that stands for all, with gaps for what each has of its own."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hansa.sites.sim import netkinds, ports, servers, volumes
from hansa.sites.sim.fleet import documents
from hansa.sites.sim.fleet.moments import moment
from hansa.sites.sim.fleet.rows import IN_USE, NONE
from hansa.sites.sim.fleet.state import FleetState, address, mac
from hansa.sites.sim.state import Doc
from hansa.sites.sim.wire import Ask

Shape = Callable[[tuple[Any, ...]], str]
_CREATED, _UPDATED = 1_000_000_001, 1_100_000_003
_NUMBER = 0xFACADE01
_MOST = 256
_SERVER = ('~id~', '~name~', f'{_NUMBER:08x}', '~r~', '"~flavor~"', '~image~', '~address~', '~mac~', '~volume~')
_PORT = ('~id~', '~server~', '~address~', '~mac~', '~created~', '~updated~')
_VOLUME = ('~id~', '~name~', '"~size~"', '~server~', '~attachment~', '~since~')


def _shape(doc: Doc, gaps: Iterable[str]) -> Shape:
    """The function that fills the gaps, given in their order, into the document's text."""
    text, words = msgspec.json.encode(doc).decode().replace('%', '%%'), list(gaps)
    order: list[int] = []

    def gap(found: re.Match[str]) -> str:
        order.append(words.index(found[0]))
        return '%s'

    text = re.sub('|'.join(map(re.escape, words)), gap, text)
    pick = operator.itemgetter(*order)
    return lambda values: text % pick(values)


class Shapes:
    """The shapes of one site; each is drawn once for what the ordinary views make of it."""

    def __init__(self, state: FleetState) -> None:
        self._state = state
        self._shapes: dict[tuple[object, ...], Shape] = {}
        self._flavors: dict[tuple[int, str], str] = {}

    def _shape(self, key: tuple[object, ...], draw: Callable[[], Shape]) -> Shape:
        found = self._shapes.get(key)
        if found is None:
            if len(self._shapes) >= _MOST:
                self._shapes.clear()
            found = self._shapes[key] = draw()
        return found

    def server(self, ask: Ask, number: int, single: bool = False) -> str:
        """A plain server as the caller's microversion shows it."""
        state = self._state
        own, code = state.server_facts(number), state.server_rows.code[number]
        port, volume = state.server_rows.port[number], state.server_rows.volume[number]
        shape = self._shape(
            ('server', ask.base, ask.minor, ask.who.admin, single, code, volume != NONE),
            lambda: self._draw_server(ask, code, volume != NONE, single),
        )
        values = (
            own.id, own.name, f'{number:08x}', own.reservation, self._flavor(ask, own.flavor), own.image,
            address(port), mac(port), state.volume_table.id(volume) if volume != NONE else '',
            moment(own.created), moment(own.created + documents.BOOTED), moment(own.updated),
        )  # fmt: skip
        return shape(values)

    def _draw_server(self, ask: Ask, code: int, disk: bool, single: bool) -> Shape:
        state = self._state
        own = documents.Server('~id~', '~name~', _CREATED, _UPDATED, _NUMBER, '~r~', next(iter(state.flavors.values())), '~image~')
        port = documents.port(state.ground, documents.Port('~port~', '~id~', '~address~', '~mac~', '', ''))
        held = documents.attachment(state.ground, '~attachment~', '~mapping~', '~id~', '~volume~', 0)
        state.pattern = ([port], [held] if disk else [])
        try:
            doc = servers.view(ask, documents.server(state.ground, own, code), single)
        finally:
            state.pattern = ([], [])
        doc['flavor'] = '~flavor~'
        return _shape(doc, (*_SERVER, moment(_CREATED), moment(_CREATED + documents.BOOTED), moment(_UPDATED)))

    def _flavor(self, ask: Ask, flavor: Doc) -> str:
        key = (ask.minor if ask.minor >= 47 else 0, ask.base + flavor['id'])
        found = self._flavors.get(key)
        if found is None:
            if len(self._flavors) >= _MOST:
                self._flavors.clear()
            found = self._flavors[key] = msgspec.json.encode(servers.flavor_view(ask, flavor)).decode()
        return found

    def brief_server(self, ask: Ask, number: int) -> str:
        """As the list without details shows it."""
        own = self._state.server_facts(number)
        doc = {'id': own.id, 'name': own.name, 'links': servers.links(ask, 'servers', own.id)}
        return msgspec.json.encode(doc).decode()

    def port(self, ask: Ask, number: int) -> str:
        """A plain port as the caller sees it."""
        own = self._state.port_facts(number)

        def draw() -> Shape:
            doc = documents.port(self._state.ground, documents.Port(*_PORT))
            return _shape(netkinds.view(ask, ports.PORTS, doc), _PORT)

        return self._shape(('port', ask.who.admin), draw)(own)

    def volume(self, ask: Ask, number: int) -> str:
        """A plain volume as the caller's microversion shows it."""
        state = self._state
        own, code = state.volume_facts(number), state.volume_rows.code[number]
        server = state.volume_rows.server[number]
        project = ask.headers.get('_project', '')
        shape = self._shape(
            ('volume', ask.base, project, ask.minor, ask.who.admin, code), lambda: self._draw_volume(ask, code)
        )
        attached, _, since = state.volume_attachment(number)
        values = (
            own.id, own.name, str(own.size), state.server_table.id(server) if server != NONE else '', attached,
            f'{moment(since)}.000000', moment(own.created), moment(own.updated),
        )  # fmt: skip
        return shape(values)

    def _draw_volume(self, ask: Ask, code: int) -> Shape:
        state = self._state
        doc = documents.volume(state.ground, documents.Volume('~id~', '~name~', _CREATED, _UPDATED, 1, 0), code)
        held = documents.attachment(state.ground, '~attachment~', '~mapping~', '~server~', '~id~', 0)
        held['attached_at'] = '~since~'
        state.pattern = ([], [held] if code == IN_USE else [])
        try:
            shown = volumes.view(ask, doc)
        finally:
            state.pattern = ([], [])
        shown['size'] = '~size~'
        return _shape(shown, (*_VOLUME, moment(_CREATED), moment(_UPDATED)))

    def brief_volume(self, ask: Ask, number: int) -> str:
        """As the list without details shows it."""
        own = self._state.volume_facts(number)
        return msgspec.json.encode({'id': own.id, 'name': own.name, 'links': volumes.links(ask, own.id)}).decode()
