"""hansa agent: follow a site from near it, for a league elsewhere."""

from __future__ import annotations

import argparse

from hansa.entry import commands, flags, output
from hansa.model.errors import Dismissed

LET_GO = 3
"""Exit code where the league takes no more of the agent: to start it again would not help, or be in the way of another."""


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser(
        'agent', help='follow a site from near it, for a league elsewhere',
        description='Follow a site from near it, for a league elsewhere, until SIGTERM. It connects to the site and to the league, and listens on nothing.',
    )  # fmt: skip
    parser.add_argument('--league', metavar='URL', required=True, help='where the league answers, as https://HOST')
    parser.add_argument('--site', metavar='NAME', required=True, help='what the site is called in the league')
    parser.add_argument('--credential', metavar='FILE', required=True, help='what hansa site agent add NAME --output FILE wrote')
    parser.add_argument('--cloud', metavar='ENTRY', required=True, help='entry of clouds.yaml for the site, or ENTRY:REGION')
    parser.add_argument('--ca', metavar='FILE', default='', help="certificates to trust for the league (default: the machine's)")
    flags.setting(parser, 'clouds', 'FILE')
    flags.file(parser)
    parser.set_defaults(run=_follow)


def _follow(args: argparse.Namespace) -> int:
    from hansa.entry import afar

    order = afar.Order(args.league, args.site, args.credential, args.cloud, args.ca)
    try:
        return afar.follow(flags.read(args), order)
    except Dismissed as error:
        output.say(f'hansa: {error}')
        return LET_GO
