"""The bus: hints between the processes of a league."""

from hansa.bus.opening import open_bus as open_bus
