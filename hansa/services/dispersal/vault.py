"""All of dispersal in one hand: what a door is made with."""

from __future__ import annotations

from hansa.ports.clock import Clock
from hansa.ports.roster import Roster
from hansa.ports.store import Store
from hansa.services.dispersal.keyring import Keyring
from hansa.services.dispersal.lists import Lists
from hansa.services.dispersal.making import Making
from hansa.services.dispersal.mending import Mending
from hansa.services.dispersal.reading import Reading
from hansa.services.dispersal.shelves import Shelves
from hansa.services.dispersal.writing import Writing
from hansa.services.homes import Homes
from hansa.services.spreads import Spreads
from hansa.services.stores import Stores
from hansa.services.turns import Turns


class Vault:
    """One of each."""

    def __init__(self, store: Store, roster: Roster, stores: Stores, spreads: Spreads, homes: Homes, clock: Clock, turns: Turns) -> None:
        self.shelves = Shelves(store, roster, stores, clock)
        keyring = Keyring(self.shelves)
        self.reading = Reading(self.shelves, keyring)
        self.mending = Mending(self.shelves, self.reading, turns)
        self.writing = Writing(self.shelves, keyring, self.reading, self.mending, turns)
        self.lists = Lists(self.shelves, keyring)
        self.making = Making(self.shelves, spreads, homes, keyring, self.lists, self.mending, turns)
