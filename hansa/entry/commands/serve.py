"""hansa serve: run the league."""

from __future__ import annotations

import argparse

from hansa.entry import commands, flags, output
from hansa.model.errors import ConfigError
from hansa.model.site import SiteSpec


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser('serve', help='run the league', description='Run the league until it is told to stop (SIGTERM).')
    for name, metavar in (
        ('clouds', 'FILE'), ('sites', 'SITE=ENTRY,...'), ('state', 'DIR'), ('listen', 'HOST:PORT'), ('public_url', 'URL')
    ):
        flags.setting(parser, name, metavar)
    parser.add_argument('--sim', type=int, default=0, metavar='N', help='add N simulated sites, sim1 to simN')
    flags.file(parser)
    parser.set_defaults(run=_serve)


def _serve(args: argparse.Namespace) -> int:
    from hansa.entry import clouds

    config = flags.read(args)
    specs = clouds.simulated(args.sim)
    if config.clouds or config.sites:
        specs = clouds.specs(config.clouds, config.sites) + specs
    _distinct(specs)
    if not specs:
        output.say('No sites are named; the league starts with those it knows. Add one with: hansa site add.')
    from hansa.entry import supervisor

    return supervisor.serve(config, specs)


def _distinct(specs: list[SiteSpec]) -> None:
    names = [spec.name for spec in specs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f'Site {name!r} is both simulated and in --sites; give it another name there.')
