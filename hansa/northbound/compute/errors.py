"""Errors in the form of the compute API: Nova's faults."""

from __future__ import annotations

from hansa.northbound.hall import faults

fault = faults.fault
