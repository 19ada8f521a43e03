"""hansa serve: run the league."""

from __future__ import annotations

import argparse

from hansa.entry import commands, flags


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser('serve', help='run the league', description='Run the league until it is told to stop (SIGTERM).')
    for name, metavar in (
        ('clouds', 'FILE'), ('sites', 'SITE=ENTRY,...'), ('state', 'DIR'), ('store', 'URL'), ('listen', 'HOST:PORT'), ('public_url', 'URL')
    ):
        flags.setting(parser, name, metavar)
    parser.add_argument('--sim', type=int, default=0, metavar='N', help='add N simulated sites, sim1 to simN')
    flags.file(parser)
    parser.set_defaults(run=_serve)


def _serve(args: argparse.Namespace) -> int:
    from hansa.entry import choice

    config = flags.read(args)
    wanted = choice.chosen(config, args.sim)
    from hansa.entry import supervisor

    return supervisor.serve(config, wanted)
