"""hansa site agent: who may follow a site from near it."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from hansa.entry import answers, commands, flags, output
from hansa.model.errors import ConfigError


def add(verbs: commands.Nouns) -> None:
    """The words and flags."""
    parser = verbs.add_parser('agent', help='credentials of agents that run near their sites', description='Who may follow a site from near it: hansa agent.')
    words = parser.add_subparsers(metavar='VERB', required=True)
    adding = words.add_parser('add', help='make a credential for an agent of a site; it is shown this once')
    adding.add_argument('name', metavar='SITE')
    adding.add_argument('--output', metavar='FILE', default='', help='write it to a new file that only you may read, instead of showing it')
    adding.set_defaults(run=_add)
    listing = words.add_parser('list', help='all credentials, or those of one site, and whether their agents are heard of')
    listing.add_argument('name', metavar='SITE', nargs='?', default='')
    listing.set_defaults(run=_list)
    removing = words.add_parser('remove', help='let an agent in no more, from now on')
    removing.add_argument('name', metavar='SITE')
    removing.add_argument('id', metavar='ID', nargs='?', default='', help='the credential; all of the site where none is named')
    removing.set_defaults(run=_remove)
    for verb in (adding, listing, removing):
        flags.talk(verb)


def _add(args: argparse.Namespace) -> int:
    with _file(args.output) as file:
        document = flags.league(args).post('sites', args.name, 'agents')
        agent, word = answers.record(document, 'agent'), answers.text(document, 'credential', '')
        if file is not None:
            file.write(word + '\n')
    if args.output:
        document = {key: value for key, value in document.items() if key != 'credential'}
    if args.format == 'json':
        output.show_json(document)
    else:
        _table([agent])
        if not args.output:
            print(word)
    where = f'is in {args.output}' if args.output else 'is the last line, and is not shown again'
    output.say(f'The credential {where}; bring it to where the agent runs: hansa agent --site {args.name} --credential FILE …')
    return 0


@contextlib.contextmanager
def _file(path: str) -> Iterator[TextIO | None]:
    """A new file is made before there is anything to write: what cannot be kept must not be made. None without a path."""
    if not path:
        yield None
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigError(f'{path} cannot be made: {error.strerror}.') from error
    try:
        with os.fdopen(handle, 'w', encoding='ascii') as file:
            yield file
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise


def _list(args: argparse.Namespace) -> int:
    league = flags.league(args)
    document = league.get('sites', args.name, 'agents') if args.name else league.get('agents')
    if args.format == 'json':
        output.show_json(document)
    else:
        _table(answers.records(document, 'agents'))
    return 0


def _table(agents: list[answers.Record]) -> None:
    rows = [
        [*(answers.text(each, key) for key in ('site', 'id', 'since')), output.age(each.get('heard_s')), answers.text(each, 'follows')] for each in agents
    ]
    output.show_table(('SITE', 'ID', 'SINCE', 'HEARD', 'FOLLOWS'), rows)


def _remove(args: argparse.Namespace) -> int:
    flags.league(args).delete('sites', args.name, 'agents', *([args.id] if args.id else []))
    if args.format == 'json':
        output.show_json({'removed': args.id or args.name})
    output.say(f'No agent of site {args.name} is let in with {f"the credential {args.id}" if args.id else "any credential"} from now on.')
    return 0
