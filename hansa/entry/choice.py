"""Which sites a start begins with: those named, else every entry of the clouds.yaml that OpenStack clients would find."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hansa.entry import clouds, cloudsfile, itself, output
from hansa.entry.config import Config
from hansa.model.errors import ConfigError
from hansa.model.site import SiteSpec


class Choice(msgspec.Struct, frozen=True):
    """`specs` to join besides those that the league knows; `nothing` is what to say where it knows none either."""

    specs: list[SiteSpec]
    nothing: str = ''


def chosen(config: Config, simulated: int) -> Choice:
    """What flags, settings and files name. Raises ConfigError."""
    specs = clouds.simulated(simulated)
    if config.clouds or config.sites:
        named = clouds.specs(config.clouds, config.sites)
        if config.sites:
            _refuse_itself(config, named)
        specs = [*_others(config, named), *specs]
        if not specs:
            raise ConfigError(f'{config.clouds} names nothing but this league itself; name a file of other clouds with --clouds FILE.')
    elif not simulated:
        return _searched(config)
    _distinct(specs)
    _warn_of_twins(specs)
    return Choice(specs)


def _searched(config: Config) -> Choice:
    own = str(Path(config.state).resolve() / 'clouds.yaml')
    try:
        path = cloudsfile.find('', own)
    except cloudsfile.NoFile as error:
        return Choice([], f'{error} Simulated ones come with --sim 3.')
    specs = _others(config, clouds.specs(path, ''))
    if not specs:
        return Choice([], f'{path} names nothing but this league itself; name a file of other clouds with --clouds FILE.')
    output.say(f'Every entry of {path} is a site: {", ".join(spec.name for spec in specs)}; --sites SITE=ENTRY names fewer.')
    _warn_of_twins(specs)
    return Choice(specs)


def _others(config: Config, specs: Sequence[SiteSpec]) -> list[SiteSpec]:
    own = [spec.name for spec in specs if itself.means(config.url, config.listen, spec)]
    if own and len(own) < len(specs):
        output.say(f'No site is made of {", ".join(own)}: that is this league itself.')
    return [spec for spec in specs if spec.name not in own]


def _refuse_itself(config: Config, specs: Sequence[SiteSpec]) -> None:
    for spec in specs:
        itself.refuse(config.url, config.listen, spec)


def _distinct(specs: Sequence[SiteSpec]) -> None:
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f'Site {name!r} is both simulated and in --sites; give it another name there.')


def _warn_of_twins(specs: Sequence[SiteSpec]) -> None:
    alike: dict[tuple[str, object], list[str]] = {}
    for spec in specs:
        if spec.kind == 'openstack':
            alike.setdefault((itself.auth_url(spec), spec.settings.get('region_name')), []).append(spec.name)
    for (url, _), names in alike.items():
        if len(names) > 1:
            output.say(f'Sites {" and ".join(names)} are the same cloud ({url}); name one of them with --sites unless that is meant.')
