"""Errors in Swift's form: a small page of HTML."""

from __future__ import annotations

import html
import http

from hansa.model.errors import Busy, HansaError, SiteDown
from hansa.northbound.hall import wire

_SAID = {
    401: 'This server could not verify that you are authorized to access the document you requested.',
    403: 'Access was denied to this resource.',
    404: 'The resource could not be found.',
    405: 'The method is not allowed for this resource.',
}


def fault(error: Exception, request_id: str) -> wire.Answer:
    """Any error as Swift would put it; what nobody foresaw is a 500 that gives nothing away but the request's id."""
    status = error.status if isinstance(error, HansaError) else 500
    title = http.HTTPStatus(status).phrase
    told = str(error) if isinstance(error, HansaError) else f'The request failed; the log has it under {request_id}.'
    message = _SAID.get(status, told)
    headers = [('Content-Type', 'text/html; charset=UTF-8')]
    if isinstance(error, SiteDown | Busy):
        headers.append(('Retry-After', str(error.retry_after)))
    if isinstance(error, SiteDown):
        headers.append(('X-Hansa-Missing-Sites', error.site))
    if status == 412:
        return wire.Answer(status, headers, html.escape(message).encode())
    body = f'<html><h1>{title}</h1><p>{html.escape(message)}</p></html>'
    return wire.Answer(status, headers, body.encode())
