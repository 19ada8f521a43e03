"""The fault form that Nova and Cinder share: `{"itemNotFound": {"code": 404, "message": …}}`."""

from __future__ import annotations

from hansa.model.errors import Busy, HansaError, NotAcceptable, SiteDown
from hansa.northbound.hall import wire

_NAMES = {
    400: 'badRequest',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'itemNotFound',
    405: 'badMethod',
    406: 'computeFault',
    409: 'conflictingRequest',
    413: 'overLimit',
    501: 'notImplemented',
    503: 'serviceUnavailable',
}


def fault(error: Exception, request_id: str) -> wire.Answer:
    """Any error as Nova and Cinder would put it; what nobody foresaw is a 500 that gives nothing away but the request's id."""
    status = error.status if isinstance(error, HansaError) else 500
    message = str(error) if isinstance(error, HansaError) else f'Unexpected API Error; the log has it under {request_id}.'
    inner: dict[str, object] = {'code': status, 'message': message}
    headers: list[tuple[str, str]] = []
    if isinstance(error, SiteDown | Busy):
        inner['retryAfter'] = str(error.retry_after)
        headers.append(('Retry-After', str(error.retry_after)))
    if isinstance(error, NotAcceptable):
        return wire.document(406, {'errors': [_version_error(error, request_id)], 'computeFault': inner})
    return wire.document(status, {_NAMES.get(status, 'computeFault'): inner}, *headers)


def _version_error(error: NotAcceptable, request_id: str) -> dict[str, object]:
    return {
        'request_id': request_id,
        'code': 'microversion-unsupported',
        'status': 406,
        'title': 'Requested microversion is unsupported',
        'detail': str(error),
        'max_version': error.highest,
        'min_version': error.lowest,
        'links': [],
    }
