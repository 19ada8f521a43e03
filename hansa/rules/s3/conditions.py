"""What a request holds against an object: ETags of large objects, which the site does not know, and conditions on the source of a copy."""

from __future__ import annotations

import email.utils
from collections.abc import Mapping

from hansa.rules.s3.refusal import Refused

_ETAGS = ('if-match', 'if-none-match')
_SOURCE = 'x-amz-copy-source-'


def of_parts(sent: Mapping[str, str]) -> bool:
    """Whether a condition has the ETag of a large object in it."""
    return any('-' in sent.get(name, '').replace('W/', '') for name in _ETAGS)


def translated(sent: Mapping[str, str], shown: str, site: str) -> dict[str, str]:
    """The conditions with the site's ETag put for the one that is shown."""
    return {name: _put(value, shown, site) if name in _ETAGS else value for name, value in sent.items()}


def _put(value: str, shown: str, site: str) -> str:
    words = [word.strip() for word in value.split(',')]
    return ', '.join(f'"{site.strip(chr(34))}"' if word.strip('"') == shown.strip('"') else word for word in words)


def hold(headers: Mapping[str, str], etag: str, modified: str) -> None:
    """The conditions on the source of a copy, which has this ETag and time. Raises Refused."""
    told = {name: headers.get(f'{_SOURCE}{name}', '') for name in (*_ETAGS, 'if-modified-since', 'if-unmodified-since')}
    tags = {name: {word.strip().strip('"') for word in told[name].split(',')} for name in _ETAGS}
    plain, when = etag.strip('"'), _moment(modified)
    wrong = bool(told['if-match']) and not tags['if-match'] & {plain, '*'}
    wrong |= bool(told['if-none-match']) and bool(tags['if-none-match'] & {plain, '*'})
    since, until = _moment(told['if-modified-since']), _moment(told['if-unmodified-since'])
    wrong |= since is not None and when is not None and when <= since and not told['if-none-match']
    wrong |= until is not None and when is not None and when > until and not told['if-match']
    if wrong:
        raise Refused('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')


def _moment(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None
