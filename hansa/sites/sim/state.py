"""All that a simulated cloud holds: dicts by id, bytes of images, and what is yet to happen."""

from __future__ import annotations

import copy
import datetime
import random
import uuid
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from hansa.ports.clock import Clock
from hansa.sites.sim import objectstate

Doc = dict[str, Any]
Event = tuple[float, int, str, str, Doc, str]
"""When, its number, kind, id, fields that change, name of an effect."""

Effect = Callable[['State', Doc, Doc], None]
"""What else happens at an event: (state, document, the event's changes)."""

DEFAULT_QUOTAS: dict[str, dict[str, int]] = {
    'compute': {
        'cores': 20,
        'instances': 10,
        'key_pairs': 100,
        'metadata_items': 128,
        'ram': 51200,
        'server_group_members': 10,
        'server_groups': 10,
    },
    'volume': {
        'volumes': 10,
        'per_volume_gigabytes': -1,
        'snapshots': 10,
        'gigabytes': 1000,
        'backups': 10,
        'backup_gigabytes': 1000,
        'volumes___DEFAULT__': -1,
        'gigabytes___DEFAULT__': -1,
        'snapshots___DEFAULT__': -1,
        'groups': 10,
    },
    'network': {
        'network': 100,
        'subnet': 100,
        'subnetpool': -1,
        'port': 500,
        'router_route': 30,
        'router': 10,
        'floatingip': 50,
        'rbac_policy': 10,
        'security_group': 10,
        'security_group_rule': 100,
    },
}


class State:
    """One cloud's whole content; every dict maps an id to a document. Keys that begin with '_' are never shown."""

    def __init__(self, name: str, clock: Clock, seed: int) -> None:
        self.name = name
        self.clock = clock
        self.random = random.Random(f'{name}/{seed}')  # noqa: S311 - the same run after run is the point
        self.capacity = 1000
        self.pace = 1.0
        """Seconds that anything asynchronous takes."""
        self.highest = {'compute': 104, 'volume': 71}
        """Minor number of the highest microversion, by service."""
        self.serial = 0
        self.agenda: list[Event] = []
        self.domains: dict[str, Doc] = {}
        self.projects: dict[str, Doc] = {}
        self.users: dict[str, Doc] = {}
        self.roles: dict[str, Doc] = {}
        self.grants: set[tuple[str, str, str]] = set()
        """(user, project or 'system' or 'domain:ID', role)."""
        self.tokens: dict[str, Doc] = {}
        self.credentials: dict[str, Doc] = {}
        self.flavors: dict[str, Doc] = {}
        self.servers: MutableMapping[str, Doc] = {}
        self.actions: dict[str, list[Doc]] = {}
        self.keypairs: dict[str, Doc] = {}
        self.server_groups: dict[str, Doc] = {}
        self.aggregates: dict[str, Doc] = {}
        self.migrations: dict[str, Doc] = {}
        self.services: dict[str, Doc] = {}
        """What was set of Nova's services, by binary."""
        self.volumes: MutableMapping[str, Doc] = {}
        self.snapshots: dict[str, Doc] = {}
        self.attachments: dict[str, Doc] = {}
        self.types: dict[str, Doc] = {}
        self.qos_specs: dict[str, Doc] = {}
        self.group_types: dict[str, Doc] = {}
        self.default_types: dict[str, Doc] = {}
        self.disabled: dict[str, Doc] = {}
        """Cinder's services that were disabled, by host."""
        self.backup_service = True
        self.transfers: dict[str, Doc] = {}
        self.backups: dict[str, Doc] = {}
        self.groups: dict[str, Doc] = {}
        self.group_snapshots: dict[str, Doc] = {}
        self.networks: dict[str, Doc] = {}
        self.subnets: dict[str, Doc] = {}
        self.ports: MutableMapping[str, Doc] = {}
        self.routers: dict[str, Doc] = {}
        self.floatingips: dict[str, Doc] = {}
        self.security_groups: dict[str, Doc] = {}
        self.security_group_rules: dict[str, Doc] = {}
        self.rbac_policies: dict[str, Doc] = {}
        self.extensions: set[str] = set()
        """Of Neutron, besides those that every simulated cloud has."""
        self.address_groups: dict[str, Doc] = {}
        self.subnetpools: dict[str, Doc] = {}
        self.address_scopes: dict[str, Doc] = {}
        self.images: dict[str, Doc] = {}
        self.members: dict[str, Doc] = {}
        self.metadefs: dict[str, Doc] = {}
        self.tasks: dict[str, Doc] = {}
        self.blobs: dict[str, bytes] = {}
        self.objects = objectstate.Store(['Policy-0', 'Archive'])
        self.quotas: dict[str, dict[str, int]] = {}
        """Limits that were set, by 'SERVICE/PROJECT'."""

    @property
    def host(self) -> str:
        """Name of the only compute host."""
        return f'{self.name}-compute-1'

    def new_id(self) -> str:
        """A dashed uuid, the same in every run of the same seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def new_hex(self) -> str:
        """A uuid without dashes, as Keystone makes them."""
        return uuid.UUID(int=self.random.getrandbits(128), version=4).hex

    def fixed_id(self, word: str) -> str:
        """The dashed uuid of something that is there from the beginning; each cloud has its own."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f'{word}.{self.name}.sim'))

    def now(self) -> float:
        """Epoch seconds of the clock."""
        return self.clock.now()

    def table(self, kind: str) -> MutableMapping[str, Doc]:
        """The dict of a kind by its name."""
        found: MutableMapping[str, Doc] = getattr(self, kind)
        return found

    def ports_of(self, device: str) -> list[Doc]:
        """Ports of a server, oldest first."""
        return [port for port in self.ports.values() if port['device_id'] == device]

    def attachments_of(self, server: str) -> list[Doc]:
        """Attachments of a server, oldest first."""
        return [doc for doc in self.attachments.values() if doc['instance'] == server]

    def attachments_on(self, volume: str) -> list[Doc]:
        """Attachments of a volume, oldest first."""
        return [doc for doc in self.attachments.values() if doc['volume_id'] == volume]

    def held(self, subnet: str) -> set[str]:
        """Addresses of a subnet that ports hold."""
        return {fixed['ip_address'] for port in self.ports.values() for fixed in port['fixed_ips'] if fixed['subnet_id'] == subnet}

    def burden(self, project: str) -> tuple[int, int, int]:
        """Servers, cores and MiB of memory that a project ('': all) has."""
        held = [doc['_flavor'] for doc in self.servers.values() if doc['_vm'] != 'deleted' and project in ('', doc['project_id'])]
        return len(held), sum(flavor['vcpus'] for flavor in held), sum(flavor['ram'] for flavor in held)

    def stored(self, project: str) -> tuple[int, int]:
        """Volumes and gigabytes of them that a project has."""
        sizes = [doc['size'] for doc in self.volumes.values() if doc['project_id'] == project]
        return len(sizes), sum(sizes)

    def housed(self) -> int:
        """How many servers have a place on the host, or are about to."""
        living = [doc for doc in self.servers.values() if doc['_vm'] != 'deleted']
        return len([doc for doc in living if doc['_host'] or doc['_vm'] == 'building'])

    def next_number(self) -> int:
        """1, 2, 3…"""
        self.serial += 1
        return self.serial

    def later(self, kind: str, id: str, changes: Doc, effect: str = '', after: float | None = None) -> None:
        """Change fields of an object `after` seconds (default: the cloud's pace) from now."""
        when = self.now() + (self.pace if after is None else after)
        self.agenda.append((when, self.next_number(), kind, id, changes, effect))

    def forget(self, id: str) -> None:
        """Nothing that was to happen to this object happens."""
        self.agenda = [event for event in self.agenda if event[3] != id]

    def settle(self, effects: Mapping[str, Effect]) -> None:
        """Let everything happen whose time has come, in order."""
        while due := [event for event in self.agenda if event[0] <= self.now()]:
            event = min(due, key=lambda one: one[:2])
            self.agenda.remove(event)
            when, _, kind, id, changes, effect = event
            doc = self.table(kind).get(id)
            if doc is None:
                continue
            doc.update(changes)
            doc['_updated'] = when
            if effect:
                effects[effect](self, doc, changes)

    def quota(self, service: str, project: str) -> dict[str, int]:
        """Limits of a project, -1 for none."""
        return DEFAULT_QUOTAS[service] | self.quotas.get(f'{service}/{project}', {})

    def snapshot(self) -> Doc:
        """A deep copy of everything but the clock, for `restore`."""
        return copy.deepcopy({key: value for key, value in vars(self).items() if key != 'clock'})

    def restore(self, snapshot: Doc) -> None:
        """Be again as the snapshot was."""
        vars(self).update(copy.deepcopy(snapshot))


def z(when: float) -> str:
    """2026-11-21T11:36:01Z, as Nova servers, Neutron and Glance write times."""
    return datetime.datetime.fromtimestamp(when, datetime.UTC).strftime('%Y-%m-%dT%H:%M:%SZ')


def micro(when: float | None) -> str | None:
    """2026-11-21T11:36:01.000000, as Cinder and the rest of Nova write them."""
    if when is None:
        return None
    return datetime.datetime.fromtimestamp(when, datetime.UTC).strftime('%Y-%m-%dT%H:%M:%S.000000')


def micro_z(when: float) -> str:
    """2026-11-21T11:36:01.000000Z, as Keystone writes them."""
    return f'{micro(when)}Z'


def moment(text: str) -> float:
    """Epoch seconds of an ISO 8601 time. Raises ValueError."""
    found = datetime.datetime.fromisoformat(text.replace('Z', '+00:00').replace(' ', '+'))
    return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()
