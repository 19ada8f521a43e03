"""hansa config: is the configuration right, and where does each value come from?"""

from __future__ import annotations

import argparse
import os

from hansa.entry import commands, config, flags, output


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser('config', help='check the configuration', description='The configuration of the league.')
    verbs = parser.add_subparsers(metavar='VERB', required=True)
    check = verbs.add_parser('check', help='every key, its value, where that came from; exit code 2 if it is wrong')
    flags.file(check)
    flags.form(check)
    check.set_defaults(run=_check)


def _check(args: argparse.Namespace) -> int:
    settled = flags.settled(args)
    config.config(settled)
    for name in config.strangers(os.environ):
        output.say(f'Environment variable {name} is no setting; it is passed over.')
    file = config.find(args.config)
    output.say(f'Read {file}.' if file else 'There is no configuration file.')
    if args.format == 'json':
        output.show_json(
            {'settings': [{'key': one.setting.name, 'value': one.shown, 'source': one.source, 'about': one.setting.about} for one in settled]}
        )
    else:
        rows = [[one.setting.name, str(one.shown), one.source, one.setting.about] for one in settled]
        output.show_table(('KEY', 'VALUE', 'FROM', 'MEANING'), rows)
    return 0
