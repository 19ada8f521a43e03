"""Forms that put files into a container: whoever has one that was signed may send files until it expires, so many and so large.

Each file is put at the site by a URL that is signed anew for it. Source: Swift's FormPOST middleware.
"""

from __future__ import annotations

import html
import http
import urllib.parse
from collections.abc import AsyncIterator

import msgspec

from hansa.model.errors import BadRequest, HansaError, NotFound, TooLarge
from hansa.northbound.hall import table, wire
from hansa.northbound.object import multipart, room, signed
from hansa.rules.containers import signatures
from hansa.services.relay import Forward

_FIELD = 4096
_FIELDS = 1000
_SIGNED = ('redirect', 'max_file_size', 'max_file_count', 'expires')
_HEADERS = {'x_delete_at': 'x-delete-at', 'x_delete_after': 'x-delete-after', 'content-encoding': 'content-encoding'}


class _Form(msgspec.Struct):
    """The fields so far. Only an `admitted` form leads on to its page: that is where the owner of the key wanted it."""

    fields: dict[str, str] = {}
    admitted: bool = False


class FormRoom:
    """Stands before the handlers of POST to containers and objects; `object` puts files where a container spans sites."""

    def __init__(self, shared: room.Room, object: table.Handler) -> None:
        self._room = shared
        self._object = object

    def over(self, handler: table.Handler) -> table.Handler:
        """The handler for all that is no form."""

        async def handle(ask: table.Ask) -> wire.Answer:
            mark = multipart.boundary(ask.request.header('content-type')) if ask.request.method == 'POST' else b''
            return await (self.answer(ask, mark) if mark else handler(ask))

        return handle

    async def answer(self, ask: table.Ask, mark: bytes) -> wire.Answer:
        """What became of the files, or where the form says to go then. Raises SiteDown."""
        form = _Form()
        try:
            status, said = await self._files(ask, multipart.Parts(ask.request.stream(), mark), form)
        except (BadRequest, TooLarge) as error:
            status, said = error.status, str(error)
        except (ValueError, NotFound):
            status, said = 401, 'Invalid Signature'
        if form.admitted and (target := form.fields.get('redirect')):
            return _onward(target, status, said)
        if status == 401:
            return signed.invalid(f'FormPost: {said}')
        body = f'{status} {http.HTTPStatus(status).phrase}\r\nFormPost: {said}\r\n'
        return wire.Answer(status, [('Content-Type', 'text/plain')], body.encode())

    async def _files(self, ask: table.Ask, parts: multipart.Parts, form: _Form) -> tuple[int, str]:
        """Status and what to say. Raises BadRequest, TooLarge; ValueError, NotFound where the signature opens nothing."""
        status, said, count, fields = 400, 'No Files To Process', 0, form.fields
        for _ in range(_FIELDS):
            part = await parts.begin()
            if part is None:
                return status, said
            if part.filename is None:
                fields[part.name.lower()] = await parts.text(_FIELD)
                continue
            count += 1
            found = await self._admitted(ask, fields)
            form.admitted = True
            if count > _number(fields.get('max_file_count', '')):
                return 400, 'Max File Count Exceeded'
            if part.filename:
                status = await self._put(ask, found, part, parts, fields)
                said = '' if status < 300 else http.HTTPStatus(status).phrase
                if status >= 300:
                    return status, said
        raise BadRequest(f'The form has more than {_FIELDS} fields.')

    async def _admitted(self, ask: table.Ask, fields: dict[str, str]) -> signed.Opened:
        """The container and the key that made the form's signature. Raises ValueError, NotFound, SiteDown."""
        digest, raw = signatures.signature(fields.get('signature', ''))
        texts = signatures.form_texts(urllib.parse.unquote(ask.request.path), [fields.get(name, '') for name in _SIGNED])
        return await signed.opened(self._room, ask, texts, signatures.Signed(digest, raw, signatures.moment(fields.get('expires', ''))))

    async def _put(self, ask: table.Ask, found: signed.Opened, part: multipart.Part, parts: multipart.Parts, fields: dict[str, str]) -> int:
        """Raises TooLarge, SiteDown; whatever the site says of a body that broke off, it broke off here."""
        before = urllib.parse.unquote(ask.names.get('object', ''))
        # A path that ends with a slash is a folder; the door has taken the slash off.
        name = before + ('/' if before and ask.request.path.endswith('/') and not before.endswith('/') else '') + (part.filename or '')
        sent = [('Content-Type', part.media or fields.get('content-type', '') or 'application/octet-stream')]
        sent += [(header, fields[field]) for field, header in _HEADERS.items() if fields.get(field)]
        body = _Capped(parts.body(), _number(fields.get('max_file_size', '')))
        upload = Forward('PUT', '', '', sent, body.chunks())
        try:
            if found.spans:
                told = {header.lower(): value for header, value in sent} | {'transfer-encoding': 'chunked'}
                return (await self._object(signed.standing(ask, 'PUT', urllib.parse.quote(name), told, body.chunks()))).status
            return (await signed.put(self._room, ask, found.where, found.key, name, upload, signatures.moment(fields['expires']))).status
        except HansaError:
            if body.broken is not None:
                raise body.broken from None
            raise


class _Capped:
    """A file of the form: it may have so many bytes. `broken` is why it was not sent whole."""

    def __init__(self, source: AsyncIterator[bytes], most: int) -> None:
        self._source = source
        self._most = most
        self.broken: HansaError | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Raises TooLarge, BadRequest, so that the site keeps nothing of it."""
        size = 0
        try:
            async for chunk in self._source:
                size += len(chunk)
                if size > self._most:
                    raise TooLarge('Max File Size Exceeded')
                yield chunk
        except HansaError as error:
            self.broken = error
            raise


def _number(text: str) -> int:
    """Raises BadRequest."""
    if not (text.isascii() and text.isdecimal()):
        raise BadRequest('Max_file_size and max_file_count have to be numbers.')
    return int(text)


def _onward(target: str, status: int, said: str) -> wire.Answer:
    """To the page that the form names, with what became of the files in its query."""
    if any(ord(sign) < 33 or ord(sign) > 126 for sign in target):
        raise BadRequest('The page to go to is no URL.')
    place = f'{target}{"&" if "?" in target else "?"}{urllib.parse.urlencode({"status": status, "message": said})}'
    shown = html.escape(place)
    body = f'<html><body><p><a href="{shown}">Click to continue...</a></p></body></html>'
    return wire.Answer(303, [('Content-Type', 'text/html; charset=UTF-8'), ('Location', place)], body.encode())
