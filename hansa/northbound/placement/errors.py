"""Errors in the form of the placement API: `{"errors": [{"status", "title", "detail", "code", "request_id"}]}`."""

from __future__ import annotations

import http

from hansa.model.errors import Busy, HansaError, NotAcceptable, SiteDown
from hansa.northbound.hall import wire

_CODE = 'placement.undefined_code'


def fault(error: Exception, request_id: str) -> wire.Answer:
    """Any error as Placement would put it; what nobody foresaw is a 500 that gives nothing away but the request's id."""
    status = error.status if isinstance(error, HansaError) else 500
    detail = str(error) if isinstance(error, HansaError) else f'The request failed; the log has it under {request_id}.'
    told: dict[str, object] = {'status': status, 'title': http.HTTPStatus(status).phrase, 'detail': detail, 'code': _CODE, 'request_id': request_id}
    if isinstance(error, NotAcceptable):
        told |= {'max_version': error.highest, 'min_version': error.lowest}
    retry = [('Retry-After', str(error.retry_after))] if isinstance(error, SiteDown | Busy) else []
    return wire.document(status, {'errors': [told]}, *retry)
