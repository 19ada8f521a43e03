"""hansa site: join, look at and let go of sites while the league runs."""

from __future__ import annotations

import argparse
import sys

from hansa.entry import answers, commands, flags, output
from hansa.entry.commands import siteagent
from hansa.model.errors import ConfigError

# Asking a site all that the league needs takes several requests, each with the site's own time limit.
_CHECK_TIMEOUT = 90.0
_FOLLOWERS = {
    'league': 'the league', 'site': 'an agent near it', 'away': 'the league, as the agent near it is not heard of',
}  # fmt: skip
_TROUBLES = ('drift', 'backlog', 'failures')


def add(nouns: commands.Nouns) -> None:
    """The words and flags."""
    parser = nouns.add_parser('site', help='join, look at and let go of sites', description='The sites of the league.')
    verbs = parser.add_subparsers(metavar='VERB', required=True)
    _add_parser(verbs)
    listing = verbs.add_parser('list', help='all sites')
    listing.set_defaults(run=_list)
    show = verbs.add_parser('show', help='one site: services, zones, health, what it lacks')
    show.add_argument('name', metavar='NAME')
    show.set_defaults(run=_show)
    remove = verbs.add_parser('remove', help='forget a site; nothing at the site is touched')
    remove.add_argument('name', metavar='NAME')
    remove.add_argument('--yes', action='store_true', help='do not ask')
    remove.set_defaults(run=_remove)
    check = verbs.add_parser('check', help='ask a site, or all, whether the league can use it; exit code 1 if not')
    check.add_argument('name', metavar='NAME', nargs='?', default='')
    check.set_defaults(run=_check)
    siteagent.add(verbs)
    for verb in (listing, show, remove, check):
        flags.talk(verb)


def _add_parser(verbs: commands.Nouns) -> None:
    parser = verbs.add_parser('add', help='join a site to the running league')
    parser.add_argument('name', metavar='NAME', help='name of the site, and of its zone')
    parser.add_argument('--cloud', metavar='ENTRY', required=True, help='entry of clouds.yaml, or ENTRY:REGION')
    flags.setting(parser, 'clouds', 'FILE')
    parser.add_argument('--landlord', default='', help='organisation that owns it')
    parser.add_argument('--projects', metavar='A,B', default='demo', help='league projects it serves in tenant mode (default: demo)')
    flags.talk(parser)
    parser.set_defaults(run=_add)


def _add(args: argparse.Namespace) -> int:
    from hansa.entry import clouds, itself
    from hansa.model.site import SiteSpec

    clouds.check_name(args.name)
    projects = [word.strip() for word in args.projects.split(',') if word.strip()]
    if not projects:
        raise ConfigError('--projects must name at least one project.')
    settings = clouds.settings(flags.read(args).clouds, args.cloud)
    league = flags.league(args, _CHECK_TIMEOUT)
    itself.refuse(answers.text(league.get('status'), 'address', ''), '', SiteSpec(args.name, 'openstack', settings))
    body = {'name': args.name, 'kind': 'openstack', 'settings': settings, 'landlord': args.landlord, 'projects': projects}
    site = answers.record(league.post('sites', body=body), 'site')
    _show_list(args, [site], site)
    return 0


def _list(args: argparse.Namespace) -> int:
    document = flags.league(args).get('sites')
    _show_list(args, answers.records(document, 'sites'), document)
    return 0


def _show_list(args: argparse.Namespace, sites: list[answers.Record], document: answers.Record) -> None:
    if args.format == 'json':
        output.show_json(document)
        return
    rows = [
        [*(answers.text(site, key) for key in ('name', 'kind', 'landlord', 'mode')),
         'up' if site.get('reachable') is True else 'down', output.age(site.get('age_s'))]
        for site in sites
    ]
    output.show_table(('SITE', 'KIND', 'LANDLORD', 'MODE', 'STATE', 'AGE'), rows)


def _show(args: argparse.Namespace) -> int:
    site = answers.record(flags.league(args).get('sites', args.name), 'site')
    if args.format == 'json':
        output.show_json(site)
        return 0
    output.show_table(('FIELD', 'VALUE'), _facts(site))
    kinds = [
        [answers.text(kind, 'kind'), answers.number(kind, 'count'), output.age(kind.get('age_s')), *(_number(kind, key) for key in _TROUBLES)]
        for kind in answers.records(site, 'kinds')
    ]
    if kinds:
        print()
        output.show_table(('KIND', 'COUNT', 'AGE', *map(str.upper, _TROUBLES)), kinds)
    return 0


def _number(record: answers.Record, key: str) -> str:
    return '-' if record.get(key) is None else str(answers.number(record, key))


def _facts(site: answers.Record) -> list[tuple[str, str]]:
    health = answers.record(site, 'health')
    state = 'up' if health.get('reachable') is True else 'down'
    facts = [(key, answers.text(site, key)) for key in ('name', 'kind', 'landlord', 'mode')]
    facts += [('state', state), ('since', answers.text(health, 'since')), ('reason', answers.text(health, 'reason'))]
    agent = answers.record(site, 'agent')
    facts += [('followed by', _FOLLOWERS.get(answers.text(agent, 'follows'), '-')), ('agent heard', output.age(agent.get('heard_s')))]
    services = answers.record(site, 'services')
    for name in services:
        offer = answers.record(services, name)
        facts.append((f'service {name}', ' to '.join(filter(None, (str(offer.get(key, '')) for key in ('lowest', 'highest')))) or 'yes'))
    zones = answers.record(site, 'zones')
    facts += [(f'zones {name}', ', '.join(answers.sentences(zones, name)) or '-') for name in zones]
    facts += [('extensions', str(len(answers.sentences(site, 'extensions'))))]
    return facts + [('missing', sentence) for sentence in answers.sentences(site, 'missing')]


def _remove(args: argparse.Namespace) -> int:
    league = flags.league(args)
    if not args.yes:
        if not sys.stdin.isatty():
            raise ConfigError(f'To remove site {args.name} without being asked, add --yes.')
        print(f'Shall the league forget site {output.plain(args.name)}? Nothing at the site is touched. [y/N] ', end='', file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ('y', 'yes'):
            output.say('Nothing was changed.')
            return 1
    league.delete('sites', args.name)
    if args.format == 'json':
        output.show_json({'removed': args.name})
    output.say(f'The league has forgotten site {args.name}.')
    return 0


def _check(args: argparse.Namespace) -> int:
    league = flags.league(args, _CHECK_TIMEOUT)
    names = [args.name] if args.name else [answers.text(site, 'name') for site in answers.records(league.get('sites'), 'sites')]
    results = [{'name': name} | league.post('sites', name, 'check') for name in names]
    if args.format == 'json':
        output.show_json({'sites': results})
    else:
        output.show_table(('SITE', 'MODE', 'USABLE', 'FINDING'), [row for result in results for row in _findings(result)])
    return 0 if all(result.get('ok') is True for result in results) else 1


def _findings(result: answers.Record) -> list[list[str]]:
    first = [answers.text(result, 'name'), answers.text(result, 'mode'), 'ok' if result.get('ok') is True else 'no']
    found = answers.sentences(result, 'findings') or ['-']
    return [[*(first if number == 0 else ['', '', '']), sentence] for number, sentence in enumerate(found)]
