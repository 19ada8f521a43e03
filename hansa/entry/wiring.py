"""Plain constructors: reading this file shows the whole house. The only place that sees both wings."""

from __future__ import annotations

import functools
import pathlib
import secrets
from collections.abc import Awaitable, Callable

import msgspec

from hansa.entry import objects as object_store
from hansa.entry.config import Config
from hansa.entry.posts import Alone, Among, Post, Role
from hansa.entry.rounds import Rounds
from hansa.model.errors import ConfigError
from hansa.model.site import SiteSpec
from hansa.northbound.compute import errors as compute_errors
from hansa.northbound.compute import routes as compute_routes
from hansa.northbound.compute.door import ComputeDoor
from hansa.northbound.hall import door, kinds, table, wire
from hansa.northbound.hall.app import Hall
from hansa.northbound.hall.metering import SECONDS, Meter
from hansa.northbound.identity.door import IdentityDoor
from hansa.northbound.image import errors as image_errors
from hansa.northbound.image import routes as image_routes
from hansa.northbound.league import door as league_door
from hansa.northbound.league.routes import League
from hansa.northbound.league.uplink import UplinkRoom
from hansa.northbound.metrics.door import Metrics
from hansa.northbound.network import errors as network_errors
from hansa.northbound.network import routes as network_routes
from hansa.northbound.object import errors as object_errors
from hansa.northbound.object.door import ObjectDoor
from hansa.northbound.placement import errors as placement_errors
from hansa.northbound.placement import routes as placement_routes
from hansa.northbound.s3 import routes as s3_routes
from hansa.northbound.s3.door import S3Door
from hansa.northbound.s3.inner import Inner
from hansa.northbound.volume import errors as volume_errors
from hansa.northbound.volume import routes as volume_routes
from hansa.northbound.volume.door import VolumeDoor
from hansa.ports.bus import Bus
from hansa.ports.clock import Clock
from hansa.ports.identity import Identity
from hansa.ports.roster import Roster
from hansa.ports.site import Site
from hansa.ports.store import Clustered, Store
from hansa.ports.tally import Spread
from hansa.rules.aliases import AliasBook
from hansa.rules.diff import Pace
from hansa.services.accounts import Accounts
from hansa.services.allotting import Allotting
from hansa.services.auditing import Auditing
from hansa.services.charging import Charging
from hansa.services.companies import Companies
from hansa.services.credentials import Credentials
from hansa.services.grantees import Grantees
from hansa.services.journal import Journal
from hansa.services.listing import Listing
from hansa.services.locating import Locating
from hansa.services.membership import Membership
from hansa.services.numbering import Numbering
from hansa.services.placing import Placing
from hansa.services.preparing import Preparing
from hansa.services.quotas import Quotas
from hansa.services.refreshing import Refreshing
from hansa.services.relay import Relay
from hansa.services.routing import Routing
from hansa.services.sharing.access import Access
from hansa.services.sharing.flavors import Flavors
from hansa.services.sharing.grants import Grants
from hansa.services.sharing.groups import Groups
from hansa.services.sharing.images import Images
from hansa.services.sharing.keys import Keys
from hansa.services.sharing.members import Members
from hansa.services.sharing.twins import Twins
from hansa.services.stores import Stores
from hansa.services.surveying import Surveying
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sites.sim.cloud import SimCloud
from hansa.sites.sim.transport import AsgiTransport
from hansa.storage.sqlite import open_store
from hansa.sync.flock import Flock
from hansa.sync.gate import Gate
from hansa.sync.intake import Intake
from hansa.workflows.admitting import Admitting
from hansa.workflows.clearing import Clearing
from hansa.workflows.levelling import Levelling
from hansa.workflows.recovering import Recovering

_RECOVER_EVERY = 5.0
_LEVEL_EVERY = 15.0
_ADMIT_EVERY = 60.0
_CLEAR_EVERY = 60.0
_MOST_READERS = 16

Answering = Callable[[wire.Request], Awaitable[wire.Answer]]
Doors = dict[str, Answering]


class House:
    """Everything that runs, ready to be served; `hall` is the ASGI application."""

    def __init__(
        self,
        hall: Hall,
        metrics: Metrics,
        store: Store,
        membership: Membership,
        flock: Flock,
        roster: Roster,
        refreshing: Refreshing,
        post: Post,
    ) -> None:
        self.hall = hall
        self.metrics = metrics
        self.store = store
        self.membership = membership
        self.roster = roster
        self.flock = flock
        self._refreshing = refreshing
        self._post = post

    async def close(self) -> None:
        """Stop all loops, then close what they used."""
        await self._post.close()
        await self.membership.close()
        await self._refreshing.close()
        await self.flock.close()
        for member in self.roster:
            await member.site.close()
        await self.store.close()


async def build(
    config: Config,
    identity: Identity,
    identity_door: IdentityDoor,
    clock: Clock,
    directory: pathlib.Path | None,
    *,
    store: Store | None = None,
    connect: Callable[[SiteSpec, Clock], Site] | None = None,
    role: Role | None = None,
    bus: Bus | None = None,
) -> House:
    """Wire the house. `store` is one opened already, `connect` what makes connectors instead of `site`; `role` is of one of several processes.

    Raises ConfigError for a state directory that cannot be used.
    """
    store = store or await open_store(directory)
    make = connect or functools.partial(site, patience=config.patience)
    book = AliasBook(await store.aliases())
    roster = Roster()
    post = _post(role, store, book, roster, bus, clock)
    intake = Intake(store, book, roster, clock, post.level)
    agents = Flock(store, gate := Gate(store, intake, roster, clock), clock, _pace(config), following=post.follows)
    flock = post.watcher(agents)
    accounts = Accounts(store, book, clock, post.turns)
    relay = Relay(accounts, book, config.url)
    journal = Journal(store, book, clock, post.opener)
    groups = Groups(store, book, roster, relay, journal, clock, post.turns)
    access = Access(store, book, roster, accounts)
    preparing = Preparing(
        store,
        Flavors(store, book, flock, access),
        Images(store, book, roster, accounts, journal, flock, clock, Members(store, accounts, identity), post.turns),
        groups,
        Keys(store, book, roster, accounts, relay, clock),
    )
    locating = Locating(store, book, roster, relay, accounts, clock)
    quotas = Quotas(roster, accounts, relay, book, clock)
    allotting = Allotting(store, roster, book, accounts)
    charging = Charging(store)
    surveying = Surveying(store, roster, accounts, locating, preparing, quotas)
    companies = Companies(store, roster, journal, clock)
    services = kinds.Services(
        accounts=accounts, allotting=allotting, companies=companies, grants=Grants(store), journal=journal,
        listing=Listing(store, roster, clock), locating=locating, members=preparing.images.members,
        numbering=Numbering(store, roster, post.turns),
        placing=Placing(store, roster, relay, journal, preparing, surveying, charging, allotting, flock, companies),
        quotas=quotas, refreshing=Refreshing(flock, clock), relay=relay, roster=roster,
        routing=Routing(store, locating, relay, preparing, journal, charging, flock), twins=Twins(store, book),
        limit=config.limits_body_mb << 20,
    )  # fmt: skip
    membership = Membership(store, book, roster, identity, flock, lambda spec: post.site(make(spec, clock)), clock, accounts)
    credentials = Credentials(store, roster, clock)
    league = League(store, roster, membership, allotting, Auditing(store, roster, flock, clock), identity, credentials, clock, config.url)
    league_routes = league_door.opened(league, UplinkRoom(post.uplink(gate, agents), credentials, clock))
    metrics = Metrics(Meter(clock), Spread(SECONDS), roster, store, clock)
    grantees = Grantees(book, accounts, identity)
    objects, behind = object_store.build(store, roster, Stores(roster, book, accounts), accounts, surveying, grantees, journal, post.turns, clock)
    doors = _doors(config, services, preparing, identity, roster, league_routes, post, objects, clock)
    hall = _hall(config, doors, identity_door, _levelled(league, post), metrics, role)
    rounds = {
        'recovering': (Recovering(store, roster, journal, flock, clock, await post.openers()).go_over, _RECOVER_EVERY),
        'levelling': (Levelling(store, book, roster, groups, allotting, flock).go_over, _LEVEL_EVERY),
        'admitting': (Admitting(store, access).go_over, _ADMIT_EVERY),
        **behind,
        'clearing': (Clearing(store, book, roster, identity, accounts).go_over, _CLEAR_EVERY),
    }
    house = House(hall, metrics, store, membership, agents, roster, services.refreshing, post)
    await post.begin(agents, membership, accounts, credentials, Rounds(rounds, clock))
    return house


def _post(role: Role | None, store: Store, book: AliasBook, roster: Roster, bus: Bus | None, clock: Clock) -> Post:
    if role is None:
        return Alone(store, clock)
    if not isinstance(store, Clustered) or bus is None:
        raise ConfigError(f'hansa {role} needs a store that several processes share: set store to postgresql://USER@HOST/NAME.')
    return Among(role, store, store, book, roster, bus, clock)


def beside(house: House, clock: Clock) -> Hall:
    """What is served at an address of its own: metrics, and nothing else."""
    return Hall({'metrics': house.metrics.answer}, {}, _MOST_READERS, Meter(clock))


def keystone(config: Config, identity_door: IdentityDoor, clock: Clock) -> Hall:
    """What the process serves that runs the Keystone of several others."""
    return Hall({'identity': identity_door.answer, 'healthcheck': _healthy}, {}, config.limits_connections, Meter(clock))


def _hall(config: Config, doors: Doors, identity_door: IdentityDoor, league: Answering, metrics: Metrics, role: Role | None) -> Hall:
    open_to_all = {**doors, 'identity': identity_door.answer, 'healthcheck': _healthy, '': _index(config)}
    if role == 'intake':
        open_to_all = {'league': doors['league'], 'healthcheck': _healthy}
    return Hall(open_to_all, {'league': league, 'metrics': metrics.answer}, config.limits_connections, metrics.meter)


def _levelled(league: League, post: Post) -> Answering:
    async def answer(request: wire.Request) -> wire.Answer:
        if post.level is not None:
            await post.level()
        return await league.answer(request)

    return answer


def _pace(config: Config) -> Pace:
    return Pace(config.poll_fast_s, config.poll_steady_s, config.poll_idle_s)


def _doors(
    config: Config, services: kinds.Services, preparing: Preparing, identity: Identity, roster: Roster, league: table.Table, post: Post,
    objects: table.Table, clock: Clock,
) -> Doors:  # fmt: skip
    def opened(kind: type[door.Door], style: door.Style, routes: table.Table) -> Answering:
        return kind(style, routes, identity, roster, config.url, post.level).answer

    return {
        'compute': opened(
            ComputeDoor,
            door.Style('compute', 'compute', compute_errors.fault),
            compute_routes.routes(services, preparing),
        ),
        'volume': opened(
            VolumeDoor, door.Style('volume', 'volume', volume_errors.fault), volume_routes.routes(services)
        ),
        'network': opened(door.Door, door.Style('network', 'network', network_errors.fault), network_routes.routes(services, preparing.groups)),
        'placement': opened(door.Door, door.Style('placement', 'placement', placement_errors.fault), placement_routes.routes(services)),
        'league': opened(door.Door, league_door.STYLE, league),
        'object': opened(ObjectDoor, door.Style('object-store', 'object', object_errors.fault), objects),
        's3': S3Door(s3_routes.routes(Inner(objects), config.region), identity, clock, config.url, post.level).answer,
        'image': opened(door.Door, door.Style('image', 'image', image_errors.fault), image_routes.routes(services, preparing.images)),
    }


def site(spec: SiteSpec, clock: Clock, patience: float = 1.0) -> Site:
    """The connector of a site's kind. Raises ConfigError for a kind that there is not."""
    if spec.kind == 'openstack':
        return OpenStackSite(spec.name, spec.settings, clock, patience=patience)
    if spec.kind == 'sim':
        # A fresh seed for each life: an id of the last one must mean nothing in this one.
        cloud = SimCloud(spec.name, clock, secrets.randbits(64))
        return OpenStackSite(spec.name, _simulated(spec.name), clock, AsgiTransport(cloud))
    raise ConfigError(f'Site {spec.name}: there is no kind of site called {spec.kind}; there are openstack and sim.')


def _simulated(name: str) -> dict[str, object]:
    auth = {
        'auth_url': f'http://{name}.sim/identity/v3',
        'username': 'admin',
        'password': 'secret',
        'project_name': 'admin',
        'user_domain_name': 'Default',
        'project_domain_name': 'Default',
    }
    return {'auth_type': 'password', 'auth': auth, 'region_name': 'RegionOne', 'interface': 'public', 'verify': True}


async def _healthy(_: wire.Request) -> wire.Answer:
    """`GET /healthcheck`, as oslo.middleware answers it."""
    return wire.Answer(200, [('content-type', 'text/plain')], b'OK')


def _index(config: Config) -> Callable[[wire.Request], Awaitable[wire.Answer]]:
    document = msgspec.json.encode({name: f'{config.url}/{name}' for name in ('identity', 'compute', 'volume', 'network', 'image', 'placement', 'object', 's3')})

    async def index(_: wire.Request) -> wire.Answer:
        return wire.raw(200, document)

    return index
