"""hansa version: which release this is."""

from __future__ import annotations

import argparse

import hansa
from hansa.entry import commands


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser('version', help='which release this is')
    parser.set_defaults(run=_version)


def _version(_: argparse.Namespace) -> int:
    print(f'hansa {hansa.__version__}')
    return 0
