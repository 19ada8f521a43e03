"""Who may do what in a simulated Swift: the owner by role, others by the lists of the container, whoever has a signed URL."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import urllib.parse

from hansa.sites.sim.objectstate import Account, Container
from hansa.sites.sim.state import moment
from hansa.sites.sim.wire import Ask, Refused

OWNERS_ONLY = frozenset(
    {
        'x-container-read',
        'x-container-write',
        'x-container-sync-key',
        'x-container-sync-to',
        'x-account-meta-temp-url-key',
        'x-account-meta-temp-url-key-2',
        'x-container-meta-temp-url-key',
        'x-container-meta-temp-url-key-2',
        'x-account-access-control',
    }
)
_REFERRERS = ('.r', '.ref', '.referer', '.referrer')
DIGESTS = {'sha256': hashlib.sha256, 'sha512': hashlib.sha512}
SIGNED = {'GET': ('GET',), 'HEAD': ('HEAD', 'GET', 'PUT', 'POST'), 'PUT': ('PUT',), 'POST': ('POST',), 'DELETE': ('DELETE',)}


def owns(ask: Ask, account: str) -> bool:
    """Whether the caller is an operator of that account, or of all."""
    if 'ResellerAdmin' in ask.who.roles:
        return True
    return bool(ask.who.project) and account == f'AUTH_{ask.who.project}' and not ask.who.roles.isdisjoint(ask.state.objects.operators)


def permits(ask: Ask, acl: str, whole: bool) -> bool:
    """Whether a list of a container lets the caller in; `whole` where it is the container itself that is asked for."""
    words = [word for word in acl.split(',') if word]
    who = ask.who
    if who.user:
        projects, users = (who.project, who.project_name, '*'), (who.user, who.user_name, '*')
        if any(f'{project}:{user}' in words for project in projects for user in users):
            return True
    host = urllib.parse.urlsplit(ask.headers.get('referer', '')).hostname or 'unknown'
    allowed = False
    for word in words:
        if word.startswith('.r:'):
            rule = word[3:]
            plain = rule.removeprefix('-')
            if plain in ('*', host) or (plain.startswith('.') and host.endswith(plain)):
                allowed = not rule.startswith('-')
    return allowed and (not whole or '.rlistings' in words)


def refused(ask: Ask) -> Refused:
    """What a caller is told who may not."""
    return Refused(403, '') if ask.who.user else Refused(401, '')


def cleaned(header: str, value: str) -> str:
    """A list as it is kept. Raises Refused 400."""
    words = []
    for raw in value.split(','):
        word = raw.strip()
        first, colon, second = (part.strip() for part in word.partition(':'))
        if not word:
            continue
        if not colon or not first.startswith('.'):
            words.append(word)
            continue
        if first not in _REFERRERS:
            raise Refused(400, f'Unknown designator {first!r} in ACL: {word!r}')
        if 'write' in header:
            raise Refused(400, f'Referrers not allowed in write ACL: {word!r}')
        negated = '-' if second.startswith('-') else ''
        host = second.removeprefix('-').strip()
        host = host[1:].strip() if host != '*' and host.startswith('*') else host
        if host in ('', '.'):
            raise Refused(400, f'No host/domain value after referrer designation in ACL: {word!r}')
        words.append(f'.r:{negated}{host}')
    return ','.join(words)


def signed(ask: Ask, account: Account | None, container: Container | None, path: str) -> bool:
    """Whether a signed URL lets this request in; `path` is /v1/ACCOUNT/CONTAINER/OBJECT. False where it has no signature.

    Raises Refused 401 where the signature is wrong or over, 400 for a request that no signature allows.
    """
    given, expires = ask.arg('temp_url_sig'), ask.arg('temp_url_expires')
    if not given and not expires:
        return False
    invalid = Refused(401, 'Temp URL invalid\n', 'text/plain')
    try:
        until = expiry(expires)
        digest, raw = _signature(given)
    except (ValueError, binascii.Error):
        raise invalid from None
    scope = path
    prefix = ask.arg('temp_url_prefix')
    if any(key == 'temp_url_prefix' for key, _ in ask.query):
        parts = path.split('/', 4)
        if not parts[4].startswith(prefix):
            raise invalid
        scope = 'prefix:' + '/'.join([*parts[:4], prefix])
    keys = [
        one.headers[name]
        for one, kind in ((account, 'account'), (container, 'container'))
        for name in (f'x-{kind}-meta-temp-url-key', f'x-{kind}-meta-temp-url-key-2')
        if one is not None and name in one.headers
    ]
    texts = [f'{method}\n{until}\n{scope}' for method in SIGNED.get(ask.method, ())]
    made = [hmac.new(key.encode('latin1'), text.encode(), DIGESTS[digest]).digest() for key in keys for text in texts]
    if until <= ask.state.now() or not any(hmac.compare_digest(one, raw) for one in made):
        raise invalid
    if ask.method in ('PUT', 'POST') and 'x-object-manifest' in ask.headers:
        raise Refused(400, "The header 'X-Object-Manifest' is not allowed in this tempurl", 'text/plain')
    return True


def expiry(text: str) -> int:
    """Epoch second. Raises ValueError."""
    return int(text) if text.isdecimal() else int(moment(text))


def _signature(given: str) -> tuple[str, bytes]:
    """Digest and bytes of a signature: hexadecimal, or 'sha256:' and base64. Raises ValueError."""
    digest, colon, text = given.partition(':')
    if colon:
        if digest not in DIGESTS:
            raise ValueError(digest)
        return digest, base64.b64decode(text.translate(str.maketrans('-_', '+/')) + '==')
    raw = bytes.fromhex(given)
    return {32: 'sha256', 64: 'sha512'}.get(len(raw), '') or _unknown(), raw


def _unknown() -> str:
    raise ValueError('a signature of no length that is known')
