"""One cloud of a landlord that we can use, and what it can do."""

from __future__ import annotations

from typing import Literal

import msgspec

Mode = Literal['managed', 'tenant']


class ServiceOffer(msgspec.Struct, frozen=True):
    """One API of a site: its microversion range ('' where it has none)."""

    lowest: str = ''
    highest: str = ''


class Capabilities(msgspec.Struct, frozen=True):
    """What a site offers, as it said itself when last asked.

    `services` by our service words (compute, volume, network, image, identity); `zones` per service;
    `extensions` of Neutron by alias; `absent` are words of `rules.features` for what Cinder and Glance do without; `missing` says in a sentence each what the league needs and the site lacks.
    """

    mode: Mode
    services: dict[str, ServiceOffer] = {}
    zones: dict[str, tuple[str, ...]] = {}
    extensions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()


class SiteSpec(msgspec.Struct, frozen=True):
    """A site as the operator named it.

    `kind` names the folder in `sites/`; `settings` is what that kind needs to connect (for
    'openstack' an entry of clouds.yaml, secrets included: sealed when stored, never shown).
    `projects` are the league projects that a site in tenant mode serves, by name or id.
    """

    name: str
    kind: str
    settings: dict[str, object]
    landlord: str = ''
    projects: tuple[str, ...] = ('demo',)

    def __repr__(self) -> str:
        return f'SiteSpec(name={self.name!r}, kind={self.kind!r})'


class Health(msgspec.Struct, frozen=True):
    """Whether a site answers: `since` (epoch seconds) when that began, `reason` why not."""

    reachable: bool
    since: float
    reason: str = ''
