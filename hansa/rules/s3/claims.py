"""What a signed request says of itself: who signed it, when, which headers with it, and how its body is secured."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Callable, Mapping

import msgspec

from hansa.model.signature import Claim, Scope
from hansa.rules.s3 import signing
from hansa.rules.s3.refusal import Refused

SKEW = 900.0
"""Seconds by which a request's clock may differ from ours."""

LONGEST = 7 * 86400
"""Seconds for which a URL may be signed at most."""

UNSIGNED = 'UNSIGNED-PAYLOAD'
SIGNED_CHUNKS = ('STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER')
CHUNKED = (*SIGNED_CHUNKS, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')

_HEX = re.compile(r'[0-9a-f]{64}')
_STAMP = '%Y%m%dT%H%M%SZ'
_PAYLOAD = 'x-amz-content-sha256'

_Wrong = Callable[[str], Refused]


class Signed(msgspec.Struct, frozen=True):
    """`payload` is the SHA-256 of the body or one of the words above; `expires` is None where the request is no presigned one."""

    access: str
    scope: Scope
    headers: tuple[str, ...]
    signature: str
    stamp: str
    payload: str
    expires: int | None = None

    def claim(self, method: str, path: str, query: str, headers: Mapping[str, str]) -> Claim:
        """What Keystone is to judge; `path` and `query` as they were sent."""
        canonical = signing.canonical(method, path, query, headers, self.headers, self.payload)
        return Claim(self.access, self.scope, signing.text(self.stamp, self.scope, canonical), self.signature)

    def judge(self, now: float) -> None:
        """Raises Refused for a request of another time; `now` is seconds since the epoch."""
        when = dt.datetime.strptime(self.stamp, '%Y%m%dT%H%M%S%z').timestamp()
        if self.expires is None:
            if abs(now - when) > SKEW:
                raise Refused('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.')
        elif now - when > self.expires:
            raise Refused('AccessDenied', 'Request has expired')
        elif when - now > SKEW:
            raise Refused('AccessDenied', 'Request is not valid yet')


def read(args: Mapping[str, str], headers: Mapping[str, str]) -> Signed:
    """The signature of a request, in its query or in its headers (lower-case names). Raises Refused."""
    found = _presigned(args, headers) if 'X-Amz-Algorithm' in args else _header(args, headers)
    if 'host' not in found.headers:
        raise Refused('AccessDenied', 'The header host has to be signed.')
    bare = [name for name in headers if name.startswith('x-amz-') and name not in found.headers]
    if bare and not (found.expires is not None and bare == [_PAYLOAD]):
        raise Refused('AccessDenied', f'There were headers present in the request which were not signed: {", ".join(bare)}')
    if found.payload not in {UNSIGNED, *CHUNKED} and not _HEX.fullmatch(found.payload):
        if found.payload.startswith('STREAMING-'):
            raise Refused('NotImplemented', f'Bodies signed as {found.payload} are not taken here.')
        raise Refused('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, one of the STREAMING-… values or a valid sha256 value.')
    return found


def _header(args: Mapping[str, str], headers: Mapping[str, str]) -> Signed:
    words = headers.get('authorization', '')
    if not words and 'AWSAccessKeyId' not in args:
        raise Refused('AccessDenied', 'Access Denied. Requests have to be signed.')
    algorithm, _, rest = words.partition(' ')
    if algorithm != signing.ALGORITHM:
        raise Refused('InvalidRequest', 'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.')
    given = dict(item.strip().partition('=')[::2] for item in rest.split(','))
    if not {'Credential', 'SignedHeaders', 'Signature'} <= given.keys():
        raise _malformed('The authorization header requires Credential, SignedHeaders and Signature.')
    if _PAYLOAD not in headers:
        raise Refused('MissingSecurityHeader', 'Missing required header for this request: x-amz-content-sha256')
    access, scope = _credential(given['Credential'], _malformed)
    stamp = _dated(headers)
    _same_day(stamp, scope, _malformed)
    return Signed(access, scope, _names(given['SignedHeaders']), given['Signature'], stamp, headers[_PAYLOAD])


def _presigned(args: Mapping[str, str], headers: Mapping[str, str]) -> Signed:
    lacking = [name for name in ('X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires', 'X-Amz-SignedHeaders', 'X-Amz-Signature') if name not in args]
    if lacking or args['X-Amz-Algorithm'] != signing.ALGORITHM:
        raise _query_error(f'Query-string authentication version 4 requires {", ".join(lacking) or signing.ALGORITHM}.')
    access, scope = _credential(args['X-Amz-Credential'], _query_error)
    expires = args['X-Amz-Expires']
    if not expires.isdecimal() or not 1 <= int(expires[:9]) <= LONGEST:
        raise _query_error(f'X-Amz-Expires must be a number of seconds between 1 and {LONGEST}.')
    stamp = args['X-Amz-Date']
    if not _readable(stamp):
        raise _query_error('X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd\'T\'HHmmss\'Z\'".')
    _same_day(stamp, scope, _query_error)
    names = _names(args['X-Amz-SignedHeaders'])
    payload = headers.get(_PAYLOAD, '') if _PAYLOAD in names else args.get('X-Amz-Content-Sha256', UNSIGNED)
    return Signed(access, scope, names, args['X-Amz-Signature'], stamp, payload, int(expires))


def _malformed(message: str) -> Refused:
    return Refused('AuthorizationHeaderMalformed', message)


def _query_error(message: str) -> Refused:
    return Refused('AuthorizationQueryParametersError', message)


def _credential(text: str, wrong: _Wrong) -> tuple[str, Scope]:
    words = text.rsplit('/', 4)
    if len(words) != 5 or words[4] != 'aws4_request' or words[3] != 's3' or not all(words):
        raise wrong('The Credential is mal-formed; expecting "<access key>/YYYYMMDD/REGION/s3/aws4_request".')
    return words[0], Scope(words[1], words[2], words[3])


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.lower().split(';'))


def _dated(headers: Mapping[str, str]) -> str:
    stamp = headers.get('x-amz-date', '')
    if not stamp and 'date' in headers:
        try:
            stamp = email.utils.parsedate_to_datetime(headers['date']).astimezone(dt.UTC).strftime(_STAMP)
        except ValueError:
            stamp = ''
    if not _readable(stamp):
        raise Refused('AccessDenied', 'AWS authentication requires a valid Date or x-amz-date header')
    return stamp


def _readable(stamp: str) -> bool:
    try:
        return dt.datetime.strptime(stamp, '%Y%m%dT%H%M%S%z').strftime(_STAMP) == stamp
    except ValueError:
        return False


def _same_day(stamp: str, scope: Scope, wrong: _Wrong) -> None:
    if stamp[:8] != scope.date:
        raise wrong('The date in the credential scope does not match the date of the request.')
