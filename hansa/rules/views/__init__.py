"""What a document of the inventory looks like at a microversion, for a role: pure functions over tables of fields."""

from __future__ import annotations

from hansa.rules.views.compute import deleted
from hansa.rules.views.context import Context
from hansa.rules.views.doors import brief, show, unreachable
from hansa.rules.views.joining import NAMED, Look, briefed, joined

__all__ = ['NAMED', 'Context', 'Look', 'brief', 'briefed', 'deleted', 'joined', 'show', 'unreachable']
