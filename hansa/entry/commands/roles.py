"""hansa front, hansa intake, hansa worker, hansa identity: one process of a league that is several."""

from __future__ import annotations

import argparse
import functools
from typing import Literal

from hansa.entry import commands, flags

_OF_ALL = (('state', 'DIR'), ('store', 'URL'), ('bus', 'URL'), ('public_url', 'URL'), ('clouds', 'FILE'), ('sites', 'SITE=ENTRY,...'))


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    front = nouns.add_parser('front', help='answer users, as one of several processes', description='Answer users, as one of several processes on one PostgreSQL store.')
    intake = nouns.add_parser(
        'intake', help='let in agents near their sites, as one of several processes', description='Let in agents near their sites, and nobody else, as one of several processes on one PostgreSQL store.'
    )
    worker = nouns.add_parser(
        'worker', help='follow sites, as one of several processes', description='Follow a share of the sites and finish what others left, as one of several processes on one PostgreSQL store.'
    )
    identity = nouns.add_parser('identity', help='run the Keystone that several processes share', description='Run the Keystone that fronts and workers share, at listen.')
    for parser, names in ((front, (*_OF_ALL, ('listen', 'HOST:PORT'))), (intake, (*_OF_ALL, ('listen', 'HOST:PORT'))), (worker, _OF_ALL), (identity, (_OF_ALL[0], _OF_ALL[3], ('listen', 'HOST:PORT')))):
        for name, metavar in names:
            flags.setting(parser, name, metavar)
        flags.file(parser)
    front.set_defaults(run=functools.partial(_run, 'front'))
    intake.set_defaults(run=functools.partial(_run, 'intake'))
    worker.set_defaults(run=functools.partial(_run, 'worker'))
    identity.set_defaults(run=_identity)


def _run(role: Literal['front', 'intake', 'worker'], args: argparse.Namespace) -> int:
    from hansa.entry import choice, supervisor

    config = flags.read(args)
    # A file of entries may be there for the Keystone's alone; the sites are those of the store.
    return supervisor.serve(config, choice.chosen(config, 0) if config.sites else choice.Choice([]), role)


def _identity(args: argparse.Namespace) -> int:
    from hansa.entry import supervisor

    return supervisor.identify(flags.read(args))
