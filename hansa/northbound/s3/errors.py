"""Errors in S3's form: a small document of XML whose code clients act on."""

from __future__ import annotations

from collections.abc import Mapping

from hansa.model.errors import Busy, HansaError, SiteDown
from hansa.northbound.hall import table, wire
from hansa.rules.s3 import documents
from hansa.rules.s3.refusal import Refused

_CODES: Mapping[int, str] = {
    400: 'InvalidRequest', 401: 'AccessDenied', 403: 'AccessDenied', 404: 'NoSuchKey', 405: 'MethodNotAllowed', 408: 'RequestTimeout',
    409: 'OperationAborted', 411: 'MissingContentLength', 412: 'PreconditionFailed', 413: 'EntityTooLarge', 416: 'InvalidRange',
    422: 'BadDigest', 429: 'SlowDown', 498: 'SlowDown', 499: 'IncompleteBody', 501: 'NotImplemented', 503: 'ServiceUnavailable', 507: 'ServiceUnavailable',
}  # fmt: skip
_STATUS = {401: 403, 413: 400, 422: 400, 498: 503, 429: 503, 499: 400, 507: 503}
_SAID = {
    400: 'The request is invalid.', 404: 'The specified key does not exist.', 409: 'A conflicting operation is under way; please try again.',
    411: 'You must provide the Content-Length HTTP header.', 412: 'At least one of the pre-conditions you specified did not hold',
    413: 'Your proposed upload exceeds the maximum allowed object size, or a quota.', 416: 'The requested range is not satisfiable',
    422: 'The Content-MD5 or checksum you specified did not match what we received.',
}  # fmt: skip


def fault(error: Exception, request_id: str) -> wire.Answer:
    """Any error as S3 would put it; what nobody foresaw is a 500 that gives nothing away but the request's id."""
    headers: list[tuple[str, str]] = []
    if isinstance(error, SiteDown | Busy):
        headers.append(('Retry-After', str(error.retry_after)))
    if isinstance(error, SiteDown):
        headers.append(('X-Hansa-Missing-Sites', error.site))
    if isinstance(error, Refused):
        return _answer(error.status, error.code, str(error), request_id, headers)
    if isinstance(error, table.MethodNotAllowed):
        return _answer(501, 'NotImplemented', 'A header or operation you provided implies functionality that is not implemented', request_id, headers)
    if isinstance(error, Busy):
        return _answer(503, 'SlowDown', str(error), request_id, headers)
    if isinstance(error, HansaError):
        status = _STATUS.get(error.status, error.status)
        return _answer(status, _CODES.get(error.status, 'InternalError'), str(error), request_id, headers)
    return _answer(500, 'InternalError', f'The request failed; the log has it under {request_id}.', request_id, headers)


def code(error: HansaError) -> str:
    """S3's word for an error."""
    return error.code if isinstance(error, Refused) else _CODES.get(error.status, 'InternalError')


def of_status(status: int) -> HansaError:
    """A site's refusal of an object, as an error."""
    error = HansaError(_SAID.get(status, 'The site of this bucket refused the request.'))
    error.status = status
    return error


def _answer(status: int, code: str, message: str, request_id: str, headers: list[tuple[str, str]]) -> wire.Answer:
    body = documents.written('Error', [('Code', code), ('Message', message), ('RequestId', request_id)], plain=True)
    return wire.Answer(status, [('Content-Type', 'application/xml'), *headers], body)
