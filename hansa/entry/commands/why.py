"""hansa why: why something is where it is."""

from __future__ import annotations

import argparse

from hansa.entry import answers, commands, flags, output


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser(
        'why', help='why something is at its site', description='Why something is at its site: every site as placement saw it.'
    )
    parser.add_argument('what', metavar='SERVER', help='id or name')
    parser.add_argument('--kind', default='server', help="what it is, e.g. 'volume' (default: server)")
    flags.talk(parser)
    parser.set_defaults(run=_why)


def _why(args: argparse.Namespace) -> int:
    document = flags.league(args).get('why', args.kind, args.what)
    if args.format == 'json':
        output.show_json(document)
        return 0
    rows = [
        [answers.text(candidate, 'site'), 'yes' if candidate.get('fit') is True else 'no',
         answers.text(candidate, 'weight'), answers.text(candidate, 'reason')]
        for candidate in answers.records(document, 'candidates')
    ]
    output.show_table(('SITE', 'FIT', 'WEIGHT', 'REASON'), rows)
    zone = f' (zone {document["zone"]})' if document.get('zone') else ''
    pinned = '; the request left no other site' if document.get('pinned') is True else ''
    output.say(
        f'{answers.text(document, "kind")} {answers.text(document, "id")} is at {answers.text(document, "site")}{zone} by {answers.text(document, "by")}{pinned}.'
    )
    return 0
