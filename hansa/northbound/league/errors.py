"""Errors in the form of the league API: `{"error": {"code": 404, "message": "one sentence"}}`."""

from __future__ import annotations

from hansa.model.errors import Busy, HansaError, SiteDown
from hansa.northbound.hall import wire


def fault(error: Exception, request_id: str) -> wire.Answer:
    """Any error as the league puts it; what nobody foresaw is a 500 that gives nothing away but the request's id."""
    status = error.status if isinstance(error, HansaError) else 500
    message = str(error) if isinstance(error, HansaError) else f'The request failed; the log has it under {request_id}.'
    retry = [('Retry-After', str(error.retry_after))] if isinstance(error, SiteDown | Busy) else []
    return wire.document(status, {'error': {'code': status, 'message': message}}, *retry)
