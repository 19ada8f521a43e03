"""hansa drift: what is not as it should be between the league and its sites, and setting it right."""

from __future__ import annotations

import argparse

from hansa.entry import answers, commands, flags, output

# Each object is asked for at its site; the league ends a repair after a minute.
_REPAIR_TIMEOUT = 90.0


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser(
        'drift', help='what is not as it should be at the sites',
        description='Where the inventory and a site differ, what no project owns, and what is not finished. Nothing at a site is touched.',
    )  # fmt: skip
    verbs = parser.add_subparsers(metavar='VERB', required=True)
    listing = verbs.add_parser('list', help='all that was found')
    listing.set_defaults(run=_list)
    repair = verbs.add_parser('repair', help='say what would be done about it; with --really do it')
    repair.add_argument('--site', metavar='NAME', default='', help='of this site only')
    choice = repair.add_mutually_exclusive_group()
    choice.add_argument('--dry-run', action='store_true', help='only say it (the default)')
    choice.add_argument('--really', action='store_true', help='make the inventory say what the sites say')
    repair.set_defaults(run=_repair)
    for verb in (listing, repair):
        flags.talk(verb)


def _list(args: argparse.Namespace) -> int:
    document = flags.league(args).get('drift')
    if args.format == 'json':
        output.show_json(document)
        return 0
    found = answers.records(document, 'drift')
    output.show_table(('SITE', 'KIND', 'ID', 'NAME', 'WHAT', 'SINCE'), [[*_cells(each), answers.text(each, 'since')] for each in found])
    counts = answers.record(document, 'counts')
    output.say(', '.join(f'{counts[what]} {what}' for what in sorted(counts)) + '.' if counts else 'All is as it should be.')
    return 0


def _repair(args: argparse.Namespace) -> int:
    league = flags.league(args, _REPAIR_TIMEOUT)
    document = league.post('drift', 'repair', body={'site': args.site, 'really': args.really})
    if args.format == 'json':
        output.show_json(document)
        return 0
    repairs = answers.records(document, 'repairs')
    rows = [[*_cells(each), 'yes' if each.get('done') is True else 'no', answers.text(each, 'action')] for each in repairs]
    output.show_table(('SITE', 'KIND', 'ID', 'NAME', 'WHAT', 'DONE', 'ACTION'), rows)
    if not args.really and repairs:
        output.say('Nothing was done; do it with --really.')
    return 0


def _cells(each: answers.Record) -> list[str]:
    return [answers.text(each, key) for key in ('site', 'kind', 'id', 'name', 'what')]
