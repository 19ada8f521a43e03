"""Errors of ours in Keystone's form; Keystone's own go as they are."""

from __future__ import annotations

import http

from hansa.model.errors import Busy, HansaError, SiteDown
from hansa.northbound.hall import wire


def answer(error: HansaError, request_id: str) -> wire.Answer:
    """`{"error": {code, message, title}}`; 503 says when to try again."""
    title = http.HTTPStatus(error.status).phrase
    message = str(error)
    headers = [('vary', 'X-Auth-Token'), ('x-openstack-request-id', request_id)]
    if isinstance(error, SiteDown):
        message = f'The identity service {error.why}. Try again in {error.retry_after} s.'
    if isinstance(error, SiteDown | Busy):
        headers.append(('retry-after', str(error.retry_after)))
    return wire.document(error.status, {'error': {'code': error.status, 'message': message, 'title': title}}, *headers)
