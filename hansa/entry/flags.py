"""Flags that several commands have, and the configuration that they lead to."""

from __future__ import annotations

import argparse
import os

from hansa.entry import client, config


def file(parser: argparse.ArgumentParser) -> None:
    """--config."""
    parser.add_argument('--config', metavar='FILE', default='', help='configuration (default: ./hansa.toml, else /etc/hansa/hansa.toml)')


def form(parser: argparse.ArgumentParser) -> None:
    """-f."""
    parser.add_argument('-f', '--format', choices=('table', 'json'), default='table', help='how to show it (default: table)')


def setting(parser: argparse.ArgumentParser, name: str, metavar: str) -> None:
    """A flag for a key of the configuration, explained by the table of settings."""
    known = next(one for one in config.SETTINGS if one.name == name)
    about = known.about + (f' Default: {known.default}.' if known.default else '')
    parser.add_argument('--' + name.replace('_', '-'), dest=known.field, metavar=metavar, help=about.replace('%', '%%'))


def talk(parser: argparse.ArgumentParser) -> None:
    """What each command has that talks to a running league: --state, --config and -f."""
    setting(parser, 'state', 'DIR')
    file(parser)
    form(parser)


def settled(args: argparse.Namespace) -> list[config.Settled]:
    """Every setting, the command's own flags put first. Raises ConfigError."""
    given = {one.name: getattr(args, one.field, None) for one in config.SETTINGS}
    return config.settle(given, config.find(args.config), os.environ)


def read(args: argparse.Namespace) -> config.Config:
    """The configuration, the command's own flags put first. Raises ConfigError."""
    return config.config(settled(args))


def league(args: argparse.Namespace, timeout: float = client.TIMEOUT) -> client.League:
    """The running league that the command is about; `timeout` in seconds. Raises ConfigError."""
    return client.League(read(args).state, timeout)
