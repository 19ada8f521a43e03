"""Errors in the form of the network API: `{"NeutronError": {"type", "message", "detail"}}`."""

from __future__ import annotations

from hansa.model.errors import Busy, HansaError, OverQuota, SiteDown
from hansa.northbound.hall import wire

_TYPES = {
    400: 'HTTPBadRequest',
    401: 'HTTPUnauthorized',
    403: 'PolicyNotAuthorized',
    404: 'HTTPNotFound',
    405: 'HTTPMethodNotAllowed',
    409: 'Conflict',
    413: 'HTTPRequestEntityTooLarge',
    501: 'HTTPNotImplemented',
    503: 'HTTPServiceUnavailable',
}


def fault(error: Exception, request_id: str) -> wire.Answer:
    """Any error as Neutron would put it; what nobody foresaw is a 500 that gives nothing away but the request's id."""
    if isinstance(error, OverQuota):
        share = f' At site {error.site}.' if error.site else ''
        said = f'Quota exceeded for resources: {list(error.wanted)}.{share}'
        return wire.document(409, {'NeutronError': {'type': 'OverQuota', 'message': said, 'detail': ''}})
    status = error.status if isinstance(error, HansaError) else 500
    message = str(error) if isinstance(error, HansaError) else f'Request failed: internal server error; the log has it under {request_id}.'
    retry = [('Retry-After', str(error.retry_after))] if isinstance(error, SiteDown | Busy) else []
    body = {'NeutronError': {'type': _TYPES.get(status, 'HTTPInternalServerError'), 'message': message, 'detail': ''}}
    return wire.document(status, body, *retry)
