"""hansa db: the store looked through, brought up to date, moved to PostgreSQL."""

from __future__ import annotations

import argparse

import msgspec

from hansa.entry import commands, flags, output
from hansa.model import secret
from hansa.storage.reports import Report


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser('db', help='look through, bring up to date and move the store', description='The store of the league.')
    verbs = parser.add_subparsers(metavar='VERB', required=True)
    check = verbs.add_parser('check', help='schema, counts and digests by site and kind, and what does not fit together; exit code 1 if something does not')
    check.set_defaults(run=_check)
    upgrade = verbs.add_parser('upgrade', help='take the steps that the schema lacks, with the league stopped')
    upgrade.set_defaults(run=_upgrade)
    move = verbs.add_parser('move', help='move the store from the state folder to PostgreSQL, with the league stopped')
    move.add_argument('--to', metavar='URL', required=True, help='an empty database: postgresql://USER@HOST/NAME; a password is better left to PGPASSFILE')
    move.set_defaults(run=_move)
    for verb in (check, upgrade, move):
        flags.setting(verb, 'state', 'DIR')
        flags.file(verb)
        flags.form(verb)
    for verb in (check, upgrade):
        flags.setting(verb, 'store', 'URL')


def _check(args: argparse.Namespace) -> int:
    import asyncio

    from hansa.entry import keeping

    config = flags.read(args)
    report = asyncio.run(keeping.inspect(config))
    _show(args, keeping.place(config), report)
    for fault in report.faults:
        output.say(fault)
    if not report.faults:
        output.say(f'{keeping.place(config)} is in order; its schema has version {report.version}, the newest.')
    return 1 if report.faults else 0


def _show(args: argparse.Namespace, place: str, report: Report) -> None:
    if args.format == 'json':
        output.show_json({'store': place, **msgspec.to_builtins(report)})
        return
    rows = [[part.table, part.site or '-', part.kind or '-', part.count, part.digest] for part in report.parts]
    output.show_table(('TABLE', 'SITE', 'KIND', 'COUNT', 'DIGEST'), rows)


def _upgrade(args: argparse.Namespace) -> int:
    import asyncio

    from hansa.entry import keeping

    config = flags.read(args)
    before, after = asyncio.run(keeping.upgrade(config))
    if args.format == 'json':
        output.show_json({'store': keeping.place(config), 'before': before, 'after': after})
    if before == after:
        output.say(f'{keeping.place(config)} has schema version {after} already.')
    else:
        output.say(f'{keeping.place(config)} went from schema version {before} to {after}.')
    return 0


def _move(args: argparse.Namespace) -> int:
    import asyncio

    from hansa.entry import config, keeping

    settings = flags.read(args)
    config.word('store', args.to, '--to')
    report = asyncio.run(keeping.move(settings, args.to))
    place = secret.veiled(args.to)
    _show(args, place, report)
    output.say(f'All of it is in {place}, with these digests before and after. Set store to that URL before the next start.')
    return 0
