"""What a site with very many servers holds: rows of numbers, and documents of what was touched."""

from __future__ import annotations

from hansa.sites.sim import addresses, ports, routers, seed
from hansa.sites.sim.fleet import documents, rows
from hansa.sites.sim.fleet.clock import SiteClock
from hansa.sites.sim.fleet.ids import Family
from hansa.sites.sim.fleet.moments import moment
from hansa.sites.sim.fleet.rows import DOCUMENT, GONE, NONE
from hansa.sites.sim.fleet.table import Table
from hansa.sites.sim.state import Doc, State

YOUNGEST, OLDEST = 86_400, 30 * 86_400
"""Seconds between which the ages of the first servers lie."""
_ROOM = 1 << 21
_FIRST = 256


class FleetState(State):
    """A simulated cloud's content in which servers with their ports and volumes are rows until somebody touches them.

    `pattern` are documents of a server that stands for all, for `shapes` to draw.
    """

    def __init__(self, name: str, clock: SiteClock, seed: int) -> None:
        super().__init__(name, clock, seed)
        self.seed = seed
        self.site_clock = clock
        self.capacity = 1 << 30
        self.server_rows, self.port_rows, self.volume_rows = rows.Servers(), rows.Ports(), rows.Volumes()
        families = [Family(seed, name, kind) for kind in ('server', 'port', 'volume', 'attachment', 'mapping')]
        self.server_table = Table(families[0], self.server_rows, self._server)
        self.port_table = Table(families[1], self.port_rows, self._port)
        self.volume_table = Table(families[2], self.volume_rows, self._volume, self._take_volume)
        self._attachment_ids, self._mapping_ids = families[3], families[4]
        self.servers, self.ports, self.volumes = self.server_table, self.port_table, self.volume_table
        self.ground = documents.Ground('', '', '', '', '', '', self.host)
        self.pattern: tuple[list[Doc], list[Doc]] = ([], [])
        self._flavors: list[Doc] = []
        self._images: list[str] = []

    def populate(self, servers: int, volumes_per_server: float) -> None:
        """So many servers of the user demo, each with a port on the network 'private', and a volume for a part of them."""
        self._lay_ground()
        now = int(self.now())
        self.serial += servers
        for number in range(servers):
            age = YOUNGEST + (OLDEST - YOUNGEST) * (servers - number) // servers
            die = self.server_table.family.key(number) >> 8
            code = rows.ERROR if die % 100 < 2 else rows.STOPPED if die % 100 < 10 else rows.ACTIVE
            self.add_server(code, now - age)
            self.server_rows.updated[number] = now - age + die % (age - YOUNGEST // 2)
        for number in range(int(servers * volumes_per_server)):
            # Every fourth is nobody's.
            server = int(number / volumes_per_server)
            self.add_volume(server if number % 4 else NONE, self.server_rows.created[server])

    def _lay_ground(self) -> None:
        demo = seed.asking(self, 'demo', 'member')
        network = next(one for one in self.networks.values() if one['name'] == 'private')
        given: Doc = {'name': 'fleet-subnet', 'network_id': network['id'], 'cidr': '100.64.0.0/10'}
        # What requests are given lies beside what rows have, so that neither needs to look for the other.
        given |= {'gateway_ip': '100.127.255.254', 'allocation_pools': [{'start': '100.120.0.0', 'end': '100.127.255.0'}]}
        subnet = seed.make(demo, addresses.SUBNETS, given)
        demo.body = b'{"subnet_id": "%s"}' % subnet['id'].encode()
        routers.add_interface(demo, next(iter(self.routers)))
        user = next(one['id'] for one in self.users.values() if one['name'] == 'demo')
        group = ports.default_group(self, demo.who.project)['id']
        self.ground = documents.Ground(demo.who.project, user, network['id'], subnet['id'], group, next(iter(self.types)), self.host)
        self._flavors, self._images = list(self.flavors.values()), list(self.images)

    # -- rows

    def add_server(self, code: int, created: int) -> int:
        """One more, with a port; its number."""
        number = self.server_rows.add(code, created)
        port = self.port_rows.add(0, created)
        self.server_rows.port[number], self.port_rows.server[port] = port, number
        return number

    def add_volume(self, server: int, created: int) -> int:
        """One more, of a server or of none; its number."""
        number = self.volume_rows.add(rows.AVAILABLE if server == NONE else rows.IN_USE, created)
        self.volume_rows.server[number] = server
        if server != NONE:
            self.server_rows.volume[server] = number
        return number

    def end_server(self, number: int, when: int) -> None:
        """Its port goes with it, its volume is let go; the row stays for who asks what changed."""
        port, volume = self.server_rows.port[number], self.server_rows.volume[number]
        if port != NONE:
            self.port_rows.code[port] = GONE
        if volume != NONE:
            self.volume_rows.server[volume], self.volume_rows.code[volume] = NONE, rows.AVAILABLE
            self.volume_rows.updated[volume] = when
        self.server_rows.port[number] = self.server_rows.volume[number] = NONE

    def plain(self, number: int) -> bool:
        """Whether neither a server nor what hangs on it was touched."""
        port, volume = self.server_rows.port[number], self.server_rows.volume[number]
        touched = self.server_rows.code[number] >= GONE
        touched = touched or (port != NONE and self.port_rows.code[port] >= GONE)
        return not (touched or (volume != NONE and self.volume_rows.code[volume] >= GONE))

    # -- what follows from a number

    def server_facts(self, number: int) -> documents.Server:
        """What a plain server has of its own."""
        key = self.server_table.family.key(number)
        return documents.Server(
            self.server_table.id(number), f'{self.name}-{number:05d}', self.server_rows.created[number],
            self.server_rows.updated[number], number, f'r-{key:08x}', self._flavor(number),
            self._images[(key >> 20) % len(self._images)],
        )  # fmt: skip

    def port_facts(self, number: int) -> documents.Port:
        """What a plain port has of its own."""
        server = self.port_rows.server[number]
        return documents.Port(
            self.port_table.id(number), self.server_table.id(server) if server != NONE else '', address(number), mac(number),
            f'{moment(self.port_rows.created[number])}Z', f'{moment(self.port_rows.updated[number])}Z',
        )  # fmt: skip

    def volume_facts(self, number: int) -> documents.Volume:
        """What a plain volume has of its own."""
        return documents.Volume(
            self.volume_table.id(number), f'{self.name}-disk-{number:05d}', self.volume_rows.created[number],
            self.volume_rows.updated[number], self._size(number), number,
        )  # fmt: skip

    def _flavor(self, number: int) -> Doc:
        return self._flavors[(self.server_table.family.key(number) >> 16) % len(self._flavors)]

    def _size(self, number: int) -> int:
        return 1 << self.volume_table.family.key(number) % 7

    def volume_attachment(self, number: int) -> tuple[str, str, int]:
        """Of a volume that is attached: the attachment's id, Nova's id for it, and since when."""
        return self._attachment_ids.id(number), self._mapping_ids.id(number), self.volume_rows.created[number]

    def _server(self, number: int) -> Doc:
        return documents.server(self.ground, self.server_facts(number), self.server_rows.code[number])

    def _port(self, number: int) -> Doc:
        return documents.port(self.ground, self.port_facts(number))

    def _volume(self, number: int) -> Doc:
        return documents.volume(self.ground, self.volume_facts(number), self.volume_rows.code[number])

    def _attachment(self, number: int) -> Doc:
        id, mapping, since = self.volume_attachment(number)
        server = self.server_table.id(self.volume_rows.server[number])
        return documents.attachment(self.ground, id, mapping, server, self.volume_table.id(number), since)

    def _take_volume(self, number: int) -> None:
        if self.volume_rows.server[number] != NONE:
            doc = self._attachment(number)
            self.attachments[doc['id']] = doc

    # -- what others look for

    def ports_of(self, device: str) -> list[Doc]:
        number = self.server_table.number(device)
        if number < 0 and self.pattern[0] and device == self.pattern[0][0]['device_id']:
            return self.pattern[0]
        found = [doc for doc in self.port_table.kept.values() if doc['device_id'] == device]
        port = self.server_rows.port[number] if number >= 0 else NONE
        if port == NONE or self.port_rows.code[port] >= GONE:
            return found
        # Whoever holds the server may be about to change its port.
        mine = self.port_table[self.port_table.id(port)] if self.server_rows.code[number] == DOCUMENT else self._port(port)
        return [mine, *found]

    def attachments_of(self, server: str) -> list[Doc]:
        number = self.server_table.number(server)
        if number < 0 and self.pattern[1] and server == self.pattern[1][0]['instance']:
            return self.pattern[1]
        volume = self.server_rows.volume[number] if number >= 0 else NONE
        shown: list[Doc] = []
        if volume != NONE and self.volume_rows.code[volume] < GONE:
            if self.server_rows.code[number] == DOCUMENT:
                self.volume_table[self.volume_table.id(volume)]
            else:
                shown = [self._attachment(volume)]
        return [*shown, *super().attachments_of(server)]

    def attachments_on(self, volume: str) -> list[Doc]:
        number = self.volume_table.number(volume)
        if number < 0 and self.pattern[1] and volume == self.pattern[1][0]['volume_id']:
            return self.pattern[1]
        if number >= 0 and self.volume_rows.code[number] < GONE:
            return [self._attachment(number)] if self.volume_rows.server[number] != NONE else []
        return super().attachments_on(volume)

    def held(self, subnet: str) -> set[str]:
        return {fixed['ip_address'] for port in self.port_table.kept.values() for fixed in port['fixed_ips'] if fixed['subnet_id'] == subnet}

    def housed(self) -> int:
        code = self.server_rows.code
        kept = [doc for doc in self.server_table.kept.values() if doc['_host'] or doc['_vm'] == 'building']
        return len(kept) + sum(code.count(stage) for stage in range(len(rows.STAGES)) if stage != rows.DELETED)

    def burden(self, project: str) -> tuple[int, int, int]:
        held = [doc['_flavor'] for doc in self.server_table.kept.values() if doc['_vm'] != 'deleted' and project in ('', doc['project_id'])]
        if project in ('', self.ground.project):
            code = self.server_rows.code
            held += [self._flavor(number) for number in range(len(code)) if code[number] < rows.DELETED or rows.DELETED < code[number] < GONE]
        return len(held), sum(flavor['vcpus'] for flavor in held), sum(flavor['ram'] for flavor in held)

    def stored(self, project: str) -> tuple[int, int]:
        sizes = [doc['size'] for doc in self.volume_table.kept.values() if doc['project_id'] == project]
        if project == self.ground.project:
            code = self.volume_rows.code
            sizes += [self._size(number) for number in range(len(code)) if code[number] < GONE]
        return len(sizes), sum(sizes)

    def quota(self, service: str, project: str) -> dict[str, int]:
        """A site of this size limits nobody unless told to."""
        return dict.fromkeys(super().quota(service, project), -1) | self.quotas.get(f'{service}/{project}', {})


def address(number: int) -> str:
    """The address of a port that nobody touched."""
    place = (number + _FIRST) % _ROOM
    return f'100.{64 + (place >> 16)}.{place >> 8 & 255}.{place & 255}'


def mac(number: int) -> str:
    """Its MAC address, of OpenStack's own range."""
    return f'fa:16:3e:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}'
