"""Which sites a start takes in: those it knows as they are, alive or not; new ones only when they can be used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from hansa.model.errors import ConfigError
from hansa.model.site import SiteSpec
from hansa.ports.site import Site
from hansa.ports.store import Store
from hansa.services import membership

SIMULATED = 'sim'

_log = logging.getLogger('hansa')


async def admitted(named: Sequence[SiteSpec], kept: Sequence[SiteSpec], build: Callable[[SiteSpec], Site]) -> list[SiteSpec]:
    """All sites of this start: the kept ones, and those named, who say how to connect.

    Raises ConfigError for a new site that cannot be used, and for a new credential that a known one refuses.
    """
    known = {spec.name: spec for spec in kept}
    changed = [spec for spec in named if spec.kind != SIMULATED and not _same(spec, known.get(spec.name))]
    refusals = await asyncio.gather(*(_refusal(spec, spec.name in known, build) for spec in changed))
    if any(refusals):
        raise ConfigError(' '.join(filter(None, refusals)))
    return list((known | {spec.name: _renewed(spec, known.get(spec.name)) for spec in named}).values())


def changed(specs: Sequence[SiteSpec], kept: Sequence[SiteSpec]) -> list[SiteSpec]:
    """Those that are not kept as they are."""
    known = {msgspec.json.encode(spec) for spec in kept}
    return [spec for spec in specs if msgspec.json.encode(spec) not in known]


async def clear(store: Store, kept: Sequence[SiteSpec]) -> None:
    """A simulated site begins anew with each start, so nothing of its last life may be taken for true."""
    for spec in kept:
        if spec.kind == SIMULATED:
            await membership.forget(store, spec.name)


async def _refusal(spec: SiteSpec, known: bool, build: Callable[[SiteSpec], Site]) -> str:
    try:
        found = await membership.probe(build(spec))
    except membership.NoAnswer as error:
        # A site that is known may be down; the league starts without it.
        return '' if known else str(error)
    except ConfigError as error:
        return str(error)
    for sentence in found.missing:
        _log.warning('%s', sentence)
    return ''


def _same(spec: SiteSpec, before: SiteSpec | None) -> bool:
    return before is not None and _plain(spec) == _plain(before)


def _plain(spec: SiteSpec) -> tuple[str, object]:
    return spec.kind, msgspec.json.decode(msgspec.json.encode(spec.settings))


def _renewed(spec: SiteSpec, before: SiteSpec | None) -> SiteSpec:
    """Landlord and projects are said to `hansa site add` alone, and stay."""
    return spec if before is None else msgspec.structs.replace(before, kind=spec.kind, settings=spec.settings)
