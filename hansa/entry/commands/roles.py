"""hansa front, hansa intake, hansa worker, hansa identity: one process of a league that is several."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Iterable
from typing import Literal

from hansa.entry import commands, flags

Role = Literal['front', 'intake', 'worker']

_OF_ALL = (('state', 'DIR'), ('store', 'URL'), ('bus', 'URL'), ('public_url', 'URL'), ('clouds', 'FILE'), ('sites', 'SITE=ENTRY,...'))


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    listen = ('listen', 'HOST:PORT')
    roles: tuple[tuple[Role, str, tuple[tuple[str, str], ...]], ...] = (
        ('front', 'answer users', (listen,)),
        ('intake', 'let in agents near their sites, and nobody else', (listen,)),
        ('worker', 'follow a share of the sites and finish what others left', ()),
    )
    for role, what, own in roles:
        _noun(nouns, role, f'{what}, as one of several processes on one PostgreSQL store', (*_OF_ALL, *own), functools.partial(_run, role))
    _noun(nouns, 'identity', 'run the Keystone that fronts and workers share, at listen', (_OF_ALL[0], _OF_ALL[3], listen), _identity)


def _noun(nouns: commands.Nouns, name: str, what: str, settings: Iterable[tuple[str, str]], run: Callable[[argparse.Namespace], int]) -> None:
    parser = nouns.add_parser(name, help=what, description=f'{what[0].upper()}{what[1:]}.')
    for setting, metavar in settings:
        flags.setting(parser, setting, metavar)
    flags.file(parser)
    parser.set_defaults(run=run)


def _run(role: Role, args: argparse.Namespace) -> int:
    from hansa.entry import choice, supervisor

    config = flags.read(args)
    # A file of entries may be there for the Keystone's alone; the sites are those of the store.
    return supervisor.serve(config, choice.chosen(config, 0) if config.sites else choice.Choice([]), role)


def _identity(args: argparse.Namespace) -> int:
    from hansa.entry import supervisor

    return supervisor.identify(flags.read(args))
