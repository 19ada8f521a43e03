"""What Nova and Cinder have in common: microversions, their form of faults, who may ask."""

from __future__ import annotations

import re

from hansa.sites.sim import identity, wire
from hansa.sites.sim.wire import Answer, Ask, Refused, Table

FAULTS = {
    400: 'badRequest',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'itemNotFound',
    405: 'badMethod',
    409: 'conflictingRequest',
    413: 'overLimit',
    415: 'badMediaType',
    501: 'notImplemented',
    503: 'serviceUnavailable',
}


def fault(refused: Refused) -> Answer:
    """The error as Nova and Cinder write it."""
    name = FAULTS.get(refused.status, 'computeFault')
    return Answer(refused.status, {name: {'code': refused.status, 'message': refused.message}})


def unauthorized(ask: Ask) -> Answer:
    """The answer of keystonemiddleware."""
    error = {'code': 401, 'title': 'Unauthorized', 'message': identity.UNAUTHORIZED}
    return Answer(401, {'error': error}, headers={'WWW-Authenticate': f'Keystone uri="{ask.base}/identity"'})


def asked_minor(ask: Ask, word: str, major: int, lowest: int, highest: int) -> int:
    """The microversion's minor number. Raises Refused 400 or 406."""
    wanted = ''
    for part in ask.headers.get('openstack-api-version', '').split(','):
        service, _, version = part.strip().partition(' ')
        if service == word:
            wanted = version.strip()
    if not wanted and word == 'compute':
        wanted = ask.headers.get('x-openstack-nova-api-version', '')
    if not wanted:
        return lowest
    if wanted == 'latest':
        return highest
    if not re.fullmatch(r'\d+\.\d+', wanted):
        raise Refused(400, f'API Version String {wanted} is of invalid format. Must be of format MajorNum.MinorNum.')
    first, second = (int(part) for part in wanted.split('.'))
    if first != major or not lowest <= second <= highest:
        why = f'Version {wanted} is not supported by the API. Minimum is {major}.{lowest} and maximum is {major}.{highest}.'
        raise Refused(406, why)
    return second


def answer(ask: Ask, routes: Table, word: str, major: int, lowest: int, highest: int) -> Answer:
    """Microversion, token, roles, handler; errors in the right form."""
    who = identity.who_is(ask.state, ask.headers.get('x-auth-token', ''))
    if who is None:
        return unauthorized(ask)
    ask.who = who
    try:
        ask.minor = asked_minor(ask, word, major, lowest, highest)
        if ask.headers.get('_project', who.project) != who.project:
            raise Refused(400, 'Malformed request url')
        if not who.writes and ask.method not in ('GET', 'HEAD'):
            prefix = 'os_compute_api:servers' if word == 'compute' else 'volume'
            raise Refused(403, f"Policy doesn't allow {prefix}:{ask.method.lower()} to be performed.")
        done = wire.dispatch(routes, ask)
        said = f'{major}.{ask.minor}'
    except Refused as refused:
        done = fault(refused)
        said = ask.headers.get('openstack-api-version', '').partition(' ')[2] if refused.status == 406 else f'{major}.{ask.minor}'
    done.headers = done.headers | {'OpenStack-API-Version': f'{word} {said}', 'Vary': 'OpenStack-API-Version'}
    if word == 'compute':
        done.headers['X-OpenStack-Nova-API-Version'] = said
    done.headers['x-compute-request-id'] = ask.request_id
    return done
