"""The object store, wired: its table, and what goes on behind it while nobody waits."""

from __future__ import annotations

from hansa.entry.rounds import Round
from hansa.northbound.hall.table import Table
from hansa.northbound.object import routes
from hansa.northbound.object.dispersed import DispersedRoom
from hansa.northbound.object.mirrored import MirrorRoom
from hansa.northbound.object.room import Room
from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.ports.store import Store
from hansa.services.accountmeta import AccountMeta
from hansa.services.accounts import Accounts
from hansa.services.dispersal.vault import Vault
from hansa.services.filling import Filling
from hansa.services.grantees import Grantees
from hansa.services.holdings import Holdings
from hansa.services.homes import Homes
from hansa.services.journal import Journal
from hansa.services.mirrored import Mirrored
from hansa.services.mirrorlists import MirrorLists
from hansa.services.mirrors import Mirrors
from hansa.services.repairing import Repairing
from hansa.services.spreads import Spreads
from hansa.services.storeinfo import StoreInfo
from hansa.services.storequotas import StoreQuotas
from hansa.services.stores import Stores
from hansa.services.surveying import Surveying
from hansa.services.turns import Turns
from hansa.services.urlkeys import UrlKeys
from hansa.workflows.mending import Mending
from hansa.workflows.restoring import Restoring

_MEND_EVERY = 5.0
_RESTORE_EVERY = 10.0
_ACCOUNTS_EVERY = 15.0


def build(
    store: Store, roster: Roster, stores: Stores, accounts: Accounts, surveying: Surveying, grantees: Grantees, journal: Journal,
    turns: Turns, clock: Clock,
) -> tuple[Table, dict[str, Round]]:  # fmt: skip
    """The table of the API, and what makes good what sites lack."""
    homes = Homes(store, roster, stores, accounts, surveying, clock)
    spreads, info = Spreads(store, stores, clock), StoreInfo(stores, clock)
    vault = Vault(store, roster, stores, spreads, homes, clock, turns)
    holdings = Holdings(stores, homes, spreads, vault.lists)
    quotas = StoreQuotas(store, stores, holdings, journal, clock)
    meta = AccountMeta(store, stores, turns)
    shared = Room(stores, homes, spreads, grantees, info, holdings, UrlKeys(stores, info, meta, clock), quotas, meta)
    repairing = Repairing(store, roster, stores, accounts)
    mirrors = Mirrors(store, roster, stores, turns, repairing, clock)
    mirror = MirrorRoom(shared, mirrors, Mirrored(store, mirrors, spreads, homes, clock), MirrorLists(store, stores, mirrors))
    filling = Filling(store, stores, spreads, mirrors, repairing, grantees)
    return routes.routes(shared, {'mirror': mirror, 'disperse': DispersedRoom(shared, vault)}), {
        'mending': (Mending(store, spreads, mirrors, repairing, filling, clock).go_over, _MEND_EVERY),
        'accounts': (shared.meta.go_over, _ACCOUNTS_EVERY),
        'restoring': (Restoring(store, vault.making, vault.mending, vault.lists, clock).go_over, _RESTORE_EVERY),
    }
