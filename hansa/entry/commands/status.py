"""hansa status: how the league and its sites are."""

from __future__ import annotations

import argparse

from hansa.entry import answers, commands, flags, output

_HEADINGS = ('SITE', 'KIND', 'MODE', 'STATE', 'AGE', 'SERVERS', 'VOLUMES', 'NETWORKS', 'IMAGES', 'UNCLAIMED')


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser(
        'status', help='how the league and its sites are', description='How the league and its sites are; one row per site.'
    )
    flags.talk(parser)
    parser.set_defaults(run=_status)


def _status(args: argparse.Namespace) -> int:
    document = flags.league(args).get('status')
    if args.format == 'json':
        output.show_json(document)
        return 0
    sites = answers.records(document, 'sites')
    output.show_table(_HEADINGS, [_row(site) for site in sites])
    word = answers.text(document, 'mode', 'running')
    output.say(
        f'League {answers.text(document, "version")} {word} at {answers.text(document, "address")}'
        f' since {answers.text(document, "since")}; {answers.number(document, "intents_open")} intents open.'
    )
    for site in sites:
        if site.get('reachable') is not True and site.get('reason'):
            output.say(f'{answers.text(site, "name")}: {answers.text(site, "reason")}')
    return 0


def _row(site: answers.Record) -> list[object]:
    counts = answers.record(site, 'counts')
    return [
        *(answers.text(site, key) for key in ('name', 'kind', 'mode')),
        'up' if site.get('reachable') is True else 'down',
        output.age(site.get('age_s')),
        *(answers.number(counts, kind) for kind in ('server', 'volume', 'network', 'image')),
        answers.number(site, 'unclaimed'),
    ]
