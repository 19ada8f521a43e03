"""Many objects by one request: a list of what is to be deleted, or an archive of what is to be put, each at its own container's site.

Source: Swift's bulk middleware.
"""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import msgspec

from hansa.model.errors import BadRequest, HansaError, NotFound, TooLarge
from hansa.northbound.hall import table, wire
from hansa.northbound.object import archives, inner, room
from hansa.rules import offers

_LIST = 16 << 20
_AT_ONCE = 8
_NAME = 1024


class _Tally(msgspec.Struct):
    """What came of them so far; `whole` is the status of all together where one failed."""

    done: int = 0
    missing: int = 0
    whole: int = 400
    errors: list[tuple[str, str]] = []

    def failed(self, name: str, status: int) -> None:
        """Take note of one. Raises BadRequest where they are too many."""
        self.errors.append((urllib.parse.quote(name[:_NAME].encode('utf-8', 'surrogateescape')), inner.said(status)))
        if status >= 500:
            self.whole = 502
        if len(self.errors) >= offers.FAILURES:
            raise BadRequest('Max failures exceeded')


class BulkRoom:
    """Stands before the handlers of accounts, containers and objects; each object goes through the handlers (`make` of new containers) as if it came alone."""

    def __init__(self, shared: room.Room, make: table.Handler, container: table.Handler, object: table.Handler) -> None:
        self._room = shared
        self._make = make
        self._container = container
        self._object = object

    def over(self, handler: table.Handler) -> table.Handler:
        """The handler for all that is one."""

        async def handle(ask: table.Ask) -> wire.Answer:
            args = dict(ask.request.items())
            if 'bulk-delete' in args and ask.request.method in {'POST', 'DELETE'}:
                return await self.drop(ask)
            if 'extract-archive' in args and ask.request.method == 'PUT':
                return await self.extract(ask, args['extract-archive'])
            return await handler(ask)

        return handle

    async def refuse(self, ask: table.Ask) -> wire.Answer:
        """Accounts come and go with their projects. Raises Forbidden, Unauthorized."""
        raise room.refusal(ask)

    # -- deleting

    async def drop(self, ask: table.Ask) -> wire.Answer:
        """The answer begins before all is done, and says at its end what came of it. Raises Unauthorized, TooLarge, NotAcceptable."""
        room.known(ask)
        form = inner.media(ask)
        lines = (await ask.request.body(_LIST)).split(b'\n')
        return wire.Answer(200, [('Content-Type', form)], self._dropped(ask, form, [line.strip() for line in lines if line.strip()]))

    async def _dropped(self, ask: table.Ask, form: str, lines: Sequence[bytes]) -> AsyncIterator[bytes]:
        tally, status, why = _Tally(), 200, ''
        try:
            if len(lines) > offers.BULK:
                raise TooLarge(f'Maximum Bulk Deletes: {offers.BULK} per request')
            for some in _groups(lines):
                await asyncio.gather(*(self._gone(ask, line, tally) for line in some))
                # Who waits sees that it goes on; only before the first word of XML a blank would mean something.
                yield b'' if form.endswith('/xml') else b' '
        except HansaError as error:
            status, why = error.status, str(error)
        if status == 200 and not tally.errors and not (tally.done or tally.missing):
            status, why = 400, 'Invalid bulk delete.'
        if status == 200 and tally.errors:
            status = tally.whole
        counts = {'Number Deleted': tally.done, 'Number Not Found': tally.missing, 'Response Body': why, 'Response Status': inner.said(status)}
        yield inner.told(form, 'delete', counts, tally.errors)

    async def _gone(self, ask: table.Ask, line: bytes, tally: _Tally) -> None:
        raw = urllib.parse.unquote_to_bytes(line).lstrip(b'/')
        name = raw.decode('utf-8', 'surrogateescape')
        container, _, object = name.partition('/')
        if not container or '\0' in name or not _readable(raw):
            tally.failed(name, 412)
            return
        names = {'container': _quoted(container), **({'object': _quoted(object)} if object else {})}
        handler = self._object if object else self._container
        status = await inner.status(handler, inner.part(ask, 'DELETE', names, {}))
        if status < 300:
            tally.done += 1
        elif status == 404:
            tally.missing += 1
        else:
            tally.failed(name, status)

    # -- putting

    async def extract(self, ask: table.Ask, kind: str) -> wire.Answer:
        """Raises Unauthorized, BadRequest for an archive of no kind that is known, NotAcceptable."""
        room.known(ask)
        form = inner.media(ask)
        if kind not in archives.KINDS:
            raise BadRequest('Unsupported archive format')
        if not {'content-length', 'transfer-encoding'} & ask.request.headers.keys():
            return wire.Answer(411, [('Content-Type', 'text/html; charset=UTF-8')], b'')
        tally, why = _Tally(), ''
        body = ask.request.stream()
        try:
            await self._extracted(ask, archives.Tar(archives.unpacked(body, kind)), tally)
            status = tally.whole if tally.errors else 201
        except (BadRequest, TooLarge) as error:
            status, why = error.status, str(error)
        if status == 201 and not tally.done:
            status, why = 400, 'Invalid Tar File: No Valid Files'
        async for _ in body:
            # A client that is still sending would not hear the answer.
            pass
        counts = {'Number Files Created': tally.done, 'Response Body': why, 'Response Status': inner.said(status)}
        return wire.Answer(200, [('Content-Type', form)], inner.told(form, 'extract', counts, tally.errors))

    async def _extracted(self, ask: table.Ask, tar: archives.Tar, tally: _Tally) -> None:
        """Raises BadRequest, TooLarge."""
        base = '/'.join(urllib.parse.unquote(ask.names[word]).strip('/') for word in ('container', 'object') if word in ask.names)
        seen: set[str] = set()
        while (entry := await tar.next()) is not None:
            path = entry.name.removeprefix('./').lstrip('/')
            container, slash, name = (f'{base}/{path}' if base else path).partition('/')
            if not (container and slash and name) or not _utf8(f'{container}/{name}'):
                tally.failed(path, 412 if path and not _utf8(path) else 400)
                continue
            names = {'container': _quoted(container), 'object': _quoted(name)}
            if container not in seen and (status := await self._there(ask, names)) >= 300:
                tally.failed(path, status)
                continue
            seen.add(container)
            if len(seen) > offers.BULK:
                raise BadRequest(f'More than {offers.BULK} containers to create from tar.')
            status = await inner.status(self._object, inner.part(ask, 'PUT', names, _described(entry), tar.body()))
            if status == 201:
                tally.done += 1
            else:
                tally.failed(path, status)

    async def _there(self, ask: table.Ask, names: Mapping[str, str]) -> int:
        """Make a container that there is not."""
        wanted = inner.part(ask, 'PUT', {'container': names['container']}, {'content-length': '0'})
        try:
            if await self._room.spreads.find(room.account(wanted), room.container(wanted)) is not None:
                return 200
            await self._room.find(wanted)
        except NotFound:
            return await inner.status(self._make, wanted)
        except HansaError as error:
            return error.status
        return 200


def _described(entry: archives.Entry) -> dict[str, str]:
    told = {'content-length': str(entry.size)}
    if entry.media:
        told['content-type'] = entry.media
    return told | {f'x-object-meta-{key.lower()}': value for key, value in entry.meta.items() if _plain(key) and _plain(value)}


def _plain(word: str) -> bool:
    return word.isascii() and word.isprintable()


def _groups(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    """What may be deleted at once, in order: a container has to wait for the objects before it."""
    group: list[bytes] = []
    for line in lines:
        alone = b'/' not in urllib.parse.unquote_to_bytes(line).strip(b'/')
        if group and (alone or len(group) == _AT_ONCE):
            yield group
            group = []
        group.append(line)
        if alone:
            yield group
            group = []
    if group:
        yield group


def _readable(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _utf8(name: str) -> bool:
    return _readable(name.encode('utf-8', 'surrogateescape')) and '\0' not in name


def _quoted(name: str) -> str:
    return urllib.parse.quote(name, safe='/')
