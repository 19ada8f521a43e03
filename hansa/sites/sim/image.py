"""Glance: versions, errors in plain text, small documents, and the table of paths."""

from __future__ import annotations

import http

from hansa.sites.sim import identity, imagefiles, images, members, metadefs, wire
from hansa.sites.sim.wire import Answer, Ask, Refused

VERSIONS = [17, 16, 15, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]


def answer(ask: Ask) -> Answer:
    """Everything below /image."""
    if ask.path in ('', '/', '/versions'):
        link = [{'rel': 'self', 'href': f'{ask.base}/image/v2/'}]
        listed = [{'id': f'v2.{n}', 'status': 'CURRENT' if n == 17 else 'SUPPORTED', 'links': link} for n in VERSIONS]
        return Answer(200 if ask.path == '/versions' else 300, {'versions': listed})
    try:
        who = identity.who_is(ask.state, ask.headers.get('x-auth-token', ''))
        if who is None:
            raise Refused(401, 'This server could not verify that you are authorized to access the document you requested.')
        ask.who, ask.path = who, ask.path.removeprefix('/v2')
        if not who.writes and ask.method not in ('GET', 'HEAD'):
            raise Refused(403, 'You are not authorized to complete this action.')
        return wire.dispatch(ROUTES, ask)
    except Refused as refused:
        phrase = http.HTTPStatus(refused.status).phrase
        text = f'{refused.status} {phrase}\n\n{refused.message}\n\n   '
        headers = {'Content-Type': 'text/plain; charset=UTF-8'}
        if refused.status == 401:
            headers['WWW-Authenticate'] = f'Keystone uri="{ask.base}/identity"'
        return Answer(refused.status, raw=text.encode(), headers=headers)


def info_import(ask: Ask) -> Answer:
    return Answer(200, {'import-methods': {'description': 'Import methods available.', 'type': 'array', 'value': []}})


def info_stores(ask: Ask) -> Answer:
    return Answer(200, {'stores': [{'id': 'files', 'default': 'true'}]})


def info_usage(ask: Ask) -> Answer:
    return Answer(200, {'usage': {}})


def schema(ask: Ask, name: str) -> Answer:
    """GET /schemas/NAME. Raises Refused 404."""
    single = members.MEMBER_SCHEMA if name.startswith('member') else images.SCHEMA
    if name in ('image', 'member'):
        return Answer(200, single)
    if name not in ('images', 'members'):
        raise Refused(404, 'The resource could not be found.')
    turns = ('first', 'next') if name == 'images' else ()
    links = [{'rel': word, 'href': f'{{{word}}}'} for word in turns]
    described = {'rel': 'describedby', 'href': '{schema}'}
    items = {'type': 'array', 'items': single}
    return Answer(
        200,
        {
            'name': name,
            'properties': {name: items, **{word: {'type': 'string'} for word in ('schema', *turns)}},
            'links': [*links, described],
        },
    )


ROUTES = wire.table(
    [
        ('GET', '/images', images.index),
        ('POST', '/images', images.create),
        ('GET', '/images/{}', images.show),
        ('PATCH', '/images/{}', images.patch),
        ('DELETE', '/images/{}', images.delete),
        ('GET', '/images/{}/file', imagefiles.download),
        ('PUT', '/images/{}/file', imagefiles.upload),
        ('POST', '/images/{}/actions/{}', imagefiles.switch),
        ('PUT', '/images/{}/tags/{}', images.tag),
        ('DELETE', '/images/{}/tags/{}', images.untag),
        ('GET', '/images/{}/members', members.index),
        ('POST', '/images/{}/members', members.create),
        ('GET', '/images/{}/members/{}', members.show),
        ('PUT', '/images/{}/members/{}', members.update),
        ('DELETE', '/images/{}/members/{}', members.delete),
        ('GET', '/schemas/{}', schema),
        ('GET', '/info/import', info_import),
        ('GET', '/info/stores', info_stores),
        ('GET', '/info/usage', info_usage),
        *metadefs.ROWS,
    ]
)
