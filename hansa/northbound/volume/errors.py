"""Errors in the form of the volume API: Cinder's faults."""

from __future__ import annotations

from hansa.northbound.hall import faults

fault = faults.fault
