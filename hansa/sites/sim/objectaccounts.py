"""Swift's accounts: their metadata and the list of their containers; metadata of containers is kept in the same way."""

from __future__ import annotations

from hansa.model.errors import BadRequest, NotAcceptable
from hansa.rules.containers import forms
from hansa.sites.sim import objectlists
from hansa.sites.sim.objectstate import Account, Row, Store, iso, stamp, title
from hansa.sites.sim.wire import Answer, Ask, Refused

_TRUE = frozenset({'true', '1', 'yes', 'on', 't', 'y'})


def yes(text: str) -> bool:
    """What Swift takes for true."""
    return text.lower() in _TRUE


def answer(ask: Ask, store: Store, name: str) -> Answer:
    """Raises Refused 400, 403, 405, 406 or 412."""
    account = store.accounts.get(name)
    if ask.method in ('GET', 'HEAD'):
        return _shown(ask, store, name, account or Account(0.0))
    if ask.method in ('PUT', 'POST'):
        changes = metadata(ask, store, 'account')
        if 'x-account-meta-quota-bytes' in changes and 'ResellerAdmin' not in ask.who.roles:
            raise Refused(403, '')
        kept = store.accounts.setdefault(name, Account(ask.state.now()))
        change(kept.headers, changes)
        return Answer((201 if account is None else 202) if ask.method == 'PUT' else 204)
    if ask.method == 'DELETE':
        if store.accounts.pop(name, None) is None:
            raise Refused(404, '')
        return Answer(204)
    raise Refused(405, '')


def _shown(ask: Ask, store: Store, name: str, account: Account) -> Answer:
    held = account.containers.values()
    headers = {
        'X-Account-Container-Count': str(len(held)),
        'X-Account-Object-Count': str(sum(len(one.blobs) for one in held)),
        'X-Account-Bytes-Used': str(sum(one.size for one in held)),
        'X-Timestamp': stamp(account.made),
    }
    for policy in store.policies:
        mine = [one for one in held if one.policy == policy]
        if mine:
            prefix = f'X-Account-Storage-Policy-{policy}'
            headers[f'{prefix}-Container-Count'] = str(len(mine))
            headers[f'{prefix}-Object-Count'] = str(sum(len(one.blobs) for one in mine))
            headers[f'{prefix}-Bytes-Used'] = str(sum(one.size for one in mine))
    headers |= {title(key): value for key, value in account.headers.items()}

    def row(child: str) -> Row:
        one = account.containers[child]
        return {
            'name': child,
            'count': len(one.blobs),
            'bytes': one.size,
            'last_modified': iso(one.changed or one.made),
            'storage_policy': one.policy,
        }

    names = sorted(account.containers)
    wanted = wish(ask, store.limits['account_listing_limit'])
    rows: list[Row] = [{'subdir': text} if subdir else row(text) for text, subdir in objectlists.page(names, wanted)]
    return listed(ask, rows, headers, 'account', name)


def wish(ask: Ask, most: int) -> objectlists.Wish:
    """The arguments of a listing. Raises Refused 412."""
    limit = ask.arg('limit')
    number = int(limit) if limit.isdecimal() else most
    if number > most:
        raise Refused(412, f'Maximum limit is {most}')
    path = ask.arg('path') if any(key == 'path' for key, _ in ask.query) else None
    texts = [ask.arg(key) for key in ('marker', 'end_marker', 'prefix', 'delimiter')]
    return objectlists.Wish(number, texts[0], texts[1], texts[2], texts[3], path, yes(ask.arg('reverse')))


def listed(ask: Ask, rows: list[Row], headers: dict[str, str], what: str, name: str) -> Answer:
    """A listing in the form that was asked for; none for HEAD. Raises Refused 400 or 406."""
    try:
        media = forms.media(ask.arg('format'), ask.headers.get('accept', ''))
    except BadRequest as error:
        raise Refused(400, str(error)) from None
    except NotAcceptable:
        raise Refused(406, '') from None
    headers = {**headers, 'Content-Type': f'{media}; charset=utf-8'}
    if not any(key == 'format' for key, _ in ask.query):
        headers['Vary'] = 'Accept'
    if ask.method == 'HEAD':
        return Answer(204, headers=headers)
    status, body = forms.render(rows, media, 'account' if what == 'account' else 'container', name)
    return Answer(status, raw=body, headers=headers)


def metadata(ask: Ask, store: Store, kind: str, more: frozenset[str] = frozenset()) -> dict[str, str]:
    """What a request changes of the metadata, '' for what it takes away; `more` are headers kept besides. Raises Refused 400."""
    prefix, remove = f'x-{kind}-meta-', f'x-remove-{kind}-'
    found: dict[str, str] = {}
    for key in ask.headers:
        if key.startswith(remove):
            found[f'x-{kind}-{key.removeprefix(remove)}'] = ''
    found |= {key: value for key, value in ask.headers.items() if key.startswith(prefix) or key in more}
    check(store, prefix, {key: value for key, value in found.items() if key in ask.headers})
    return found


def check(store: Store, prefix: str, given: dict[str, str]) -> None:
    """Metadata is within the limits. Raises Refused 400."""
    limits = store.limits
    own = {key.removeprefix(prefix): value for key, value in given.items() if key.startswith(prefix)}
    wrong = ''
    if '' in own:
        wrong = 'Metadata name cannot be empty'
    for key, value in own.items():
        if len(key) > limits['max_meta_name_length']:
            wrong = wrong or f'Metadata name too long: {prefix}{key}'
        if len(value) > limits['max_meta_value_length']:
            wrong = wrong or f'Metadata value longer than {limits["max_meta_value_length"]}: {prefix}{key}'
    if len(own) > limits['max_meta_count']:
        wrong = wrong or f'Too many metadata items; max {limits["max_meta_count"]}'
    if sum(len(key) + len(value) for key, value in own.items()) > limits['max_meta_overall_size']:
        wrong = wrong or f'Total metadata too large; max {limits["max_meta_overall_size"]}'
    if wrong:
        raise Refused(400, wrong, 'text/plain')


def change(kept: dict[str, str], changes: dict[str, str]) -> None:
    """Keep what was given; an empty value takes away."""
    for key, value in changes.items():
        if value:
            kept[key] = value
        else:
            kept.pop(key, None)
