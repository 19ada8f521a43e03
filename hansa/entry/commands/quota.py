"""hansa quota: how much a project may have in the league, and of that at each site."""

from __future__ import annotations

import argparse
import re

from hansa.entry import answers, commands, flags, output
from hansa.model.errors import ConfigError

_LIMIT = re.compile(r'(?:(?P<site>[a-z0-9][a-z0-9-]*):)?(?P<resource>[^\s:=]+)=(?P<most>-?[0-9]{1,15}|none)')
_HELP = 'RESOURCE=NUMBER, or SITE:RESOURCE=NUMBER for the share of a site; -1 is unlimited, none takes the limit away'


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser(
        'quota', help='how much projects may have, in the league and at each site',
        description='Quotas of the league: how much a project may have in all, and how much of that at one site.',
    )  # fmt: skip
    verbs = parser.add_subparsers(metavar='VERB', required=True)
    listing = verbs.add_parser('list', help='the projects that have limits of their own')
    listing.set_defaults(run=_list)
    show = verbs.add_parser('show', help='what a project may have, has, and is about to have')
    show.add_argument('project', metavar='PROJECT', help='name or id')
    show.set_defaults(run=_show)
    change = verbs.add_parser('set', help='set limits of a project', description=f'Set limits of a project: {_HELP}.')
    change.add_argument('project', metavar='PROJECT', help='name or id')
    change.add_argument('limits', metavar='LIMIT', nargs='+', help="e.g. 'instances=10 east:instances=6'")
    change.set_defaults(run=_set)
    default = verbs.add_parser('default', help='show or set what projects without limits of their own may have')
    default.add_argument('limits', metavar='LIMIT', nargs='*', help=_HELP)
    default.set_defaults(run=_default)
    for verb in (listing, show, change, default):
        flags.talk(verb)


def _list(args: argparse.Namespace) -> int:
    document = flags.league(args).get('quotas')
    if args.format == 'json':
        output.show_json(document)
        return 0
    rows = []
    for each in answers.records(document, 'quotas'):
        limits, sites = answers.record(each, 'limits'), answers.record(each, 'sites')
        shares = [f'{site}:{word}' for site in sites for word in _words(answers.record(sites, site))]
        rows.append([answers.text(each, 'project'), ' '.join([*_words(limits), *shares]) or '-'])
    output.show_table(('PROJECT', 'LIMITS'), rows)
    return 0


def _words(limits: answers.Record) -> list[str]:
    return [f'{name}={answers.text(limits, name)}' for name in limits]


def _show(args: argparse.Namespace) -> int:
    _print(args, flags.league(args).get('quotas', args.project))
    return 0


def _set(args: argparse.Namespace) -> int:
    _print(args, flags.league(args).put('quotas', args.project, body=_body(args.limits)))
    return 0


def _default(args: argparse.Namespace) -> int:
    league = flags.league(args)
    _print(args, league.put('quota-default', body=_body(args.limits)) if args.limits else league.get('quota-default'))
    return 0


def _body(words: list[str]) -> dict[str, dict[str, object]]:
    limits: dict[str, object] = {}
    sites: dict[str, dict[str, object]] = {}
    for word in words:
        match = _LIMIT.fullmatch(word)
        if match is None:
            raise ConfigError(f'{word} is no limit: write {_HELP}.')
        place = sites.setdefault(match['site'], {}) if match['site'] else limits
        place[match['resource']] = None if match['most'] == 'none' else int(match['most'])
    return {'limits': limits, 'sites': dict(sites)}


def _print(args: argparse.Namespace, document: answers.Record) -> None:
    if args.format == 'json':
        output.show_json(document)
        return
    resources = answers.records(document, 'resources')
    sites = sorted({site for each in resources for site in answers.record(each, 'sites')})
    rows = [
        [answers.text(each, 'resource'), *_cells(each), *(_share(answers.record(answers.record(each, 'sites'), site)) for site in sites)]
        for each in resources
    ]
    output.show_table(('RESOURCE', 'LIMIT', 'USED', 'RESERVED', *(site.upper() for site in sites)), rows)


def _cells(each: answers.Record) -> list[str]:
    star = '*' if each.get('default') is True else ''
    return [_limit(each) + star, answers.text(each, 'used'), answers.text(each, 'reserved')]


def _limit(each: answers.Record) -> str:
    return 'unlimited' if each.get('limit') == -1 else answers.text(each, 'limit')


def _share(each: answers.Record) -> str:
    """'4 of 6': used and reserved, of the share."""
    taken = answers.number(each, 'used') + answers.number(each, 'reserved')
    share = '' if each.get('limit') is None else f' of {_limit(each)}'
    return f'{taken}{share}'
