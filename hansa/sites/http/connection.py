"""One connection to one server: it carries one exchange at a time and watches over its own deadlines."""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator, Callable
from math import inf
from typing import cast

import httptools

from hansa.model.errors import BadRequest
from hansa.ports.http import TransportError
from hansa.sites.http.response import Answer

HEAD_LIMIT = 64 << 10
GARBAGE = 'sent something that is not HTTP'
PATIENCE = 2.0
"""Seconds after which a body is sent to a server that was asked whether it wants it, and has said nothing."""


class Connection(asyncio.Protocol):
    """Bytes in and out of one socket.

    `freed` is called when the connection is ready for the next exchange, or `lost` is True and it never will be;
    `dropped` that the server let go of it before a single byte of the answer; `used` counts exchanges. One that stands `aside` waits for
    whoever sends or takes a long body, and no more for the server; `freed` is told of that too.
    One timer serves all waits: it is armed for the earliest moment and looks at `_deadline` when it fires.
    """

    def __init__(self, idle: float, freed: Callable[[Connection], None]) -> None:
        self.lost = False
        self.used = 0
        self.dropped = False
        self.aside = False
        self._silent = True
        self._loop = asyncio.get_running_loop()
        self._idle = self._idle_now = idle
        self._freed = freed
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._deadline = inf
        self._timer: asyncio.TimerHandle | None = None
        self._timeout = 0.0
        self._busy = False
        self._answer: Answer | None = None
        self._head: asyncio.Future[None] | None = None
        self._wanted: asyncio.Future[None] | None = None
        self._upload: asyncio.Task[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._source_waits = False
        self._for_head = False
        self._complete = False
        self._fresh_parser = False
        self._keep = False
        self._bulk = 0

    # -- one exchange

    async def exchange(
        self, head: bytes, body: AsyncIterator[bytes] | None, length: int | None, for_head: bool, timeout: float, *, patient: bool = False
    ) -> Answer:
        """Write `head` (with a body of bytes in it) or stream `body` after it, where `patient` when the server says so; come back when the
        response's head is here.

        Raises TransportError, BadRequest for a body that is not as long as was said or stops coming.
        """
        if self.lost:
            raise TransportError('broke off', sent=False)
        self.used += 1
        self._silent = self._busy = True
        self._timeout = timeout
        self._for_head = for_head
        self._complete = self._keep = False
        self._bulk = 0
        self._answer = answer = Answer(self)
        self._head = arrival = self._loop.create_future()
        self._wanted = self._loop.create_future() if patient else None
        self._transport.write(head)
        self._watch(timeout)
        if body is not None:
            self._stand_aside()
        upload = self._upload = self._loop.create_task(self._send(body, length)) if body is not None else None
        try:
            await arrival
        except asyncio.CancelledError:
            if self._answer is answer:
                self._abort()
            raise
        finally:
            # By now the connection may be on its next exchange, whose upload is none of ours.
            if upload is not None and self._upload is upload:
                await self._stop_upload(upload)
        return answer

    async def _stop_upload(self, upload: asyncio.Task[None]) -> None:
        """A server that has answered wants no more of the body."""
        if not upload.done():
            self._keep = False
            upload.cancel()
            await asyncio.wait((upload,))
        if self._complete:
            # The answer was whole before the upload was over, so nobody has decided on the connection yet.
            self._abort()

    async def _send(self, body: AsyncIterator[bytes], length: int | None) -> None:
        try:
            await self._send_chunks(body, length)
        except Exception as error:  # noqa: BLE001 - whatever the caller's stream raises comes out of exchange()
            self._keep = False
            if self._head is not None:
                self._fail(error)

    async def _send_chunks(self, body: AsyncIterator[bytes], length: int | None) -> None:
        left = length
        if left == 0:
            return
        if self._wanted is not None:
            # Not all servers say that they want it.
            await asyncio.wait((self._wanted,), timeout=min(PATIENCE, self._timeout / 2))
        self._source_waits = True
        async for chunk in body:
            if not chunk:
                continue
            self._source_waits = False
            if left is None:
                self._transport.writelines((b'%x\r\n' % len(chunk), chunk, b'\r\n'))
            else:
                left -= len(chunk)
                if left < 0:
                    raise BadRequest('The body is longer than its Content-Length.')
                self._transport.write(chunk)
            self._watch(self._timeout)
            if left == 0:
                break
            if self._drained is not None:
                await self._drained
                self._watch(self._timeout)
            self._source_waits = True
        self._source_waits = False
        if left is None:
            self._transport.write(b'0\r\n\r\n')
        elif left:
            raise BadRequest('The body is shorter than its Content-Length.')
        self._watch(self._timeout)

    # -- what Answer asks for

    def pause(self) -> None:
        """The reader is slow: nothing is expected of the server meanwhile."""
        if not self._transport.is_closing():
            self._transport.pause_reading()
        self._deadline = inf
        self._stand_aside()

    def _stand_aside(self) -> None:
        if not self.aside:
            self.aside = True
            self._freed(self)

    def resume(self, answer: Answer) -> None:
        """The reader caught up."""
        if answer is self._answer and not self._transport.is_closing():
            self._transport.resume_reading()
            self._watch(self._timeout)

    def abandon(self, answer: Answer) -> None:
        """The rest of this answer is not wanted, and skipping it could take for ever."""
        if answer is self._answer:
            self._abort()

    # -- deadlines

    def _watch(self, seconds: float) -> None:
        self._deadline = deadline = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(deadline, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._deadline == inf:
            return
        if self._deadline > self._loop.time():
            self._timer = self._loop.call_at(self._deadline, self._tick)
        elif not self._busy:
            self._abort()
        elif self._source_waits:
            self._fail(BadRequest(f'The body of the request stopped coming for {self._timeout:g} s.'))
        elif self._head is not None:
            self._fail(TransportError(f'did not answer in {self._timeout:g} s', sent=True))
        else:
            self._fail(TransportError(f'stopped in the middle of an answer for {self._timeout:g} s', sent=True))

    def _fail(self, error: Exception) -> None:
        """End the exchange with an error; the connection with it."""
        head, self._head = self._head, None
        answer, self._answer = self._answer, None
        if head is not None and not head.done():
            head.set_exception(error)
        elif answer is not None:
            answer.finish(error)
        self._abort()

    def _abort(self) -> None:
        self.lost = True
        self._transport.abort()

    def stale(self) -> bool:
        """Whether the server has closed an idle connection, or said something unasked, and we were not yet told."""
        socket = self._transport.get_extra_info('socket')
        descriptor = -1 if socket is None else socket.fileno()
        if descriptor < 0:
            return True
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """End it now, whatever goes on."""
        self._fail(TransportError('was being closed by us', sent=True))

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast('asyncio.Transport', transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
        if self._answer is not None:
            self._break_off()
        self._freed(self)

    def _break_off(self) -> None:
        self.dropped = self._silent
        self._fail(TransportError('broke off', sent=True))

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def eof_received(self) -> None:
        # The parser cannot be told of the end; only a body that is bounded by it is whole now.
        if self._answer is not None and self._head is None and _ends_with_connection(self._answer):
            self._complete = True
            self._settle()
        elif self._answer is not None:
            self._break_off()

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self._abort()
            return
        self._silent = False
        self._bulk += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._keep = False
            if not self._complete:
                cause = error.__context__
                self._fail(cause if isinstance(cause, TransportError) else TransportError(GARBAGE, sent=True))
                return
        if self._complete:
            self._settle()
        elif self._bulk > HEAD_LIMIT:
            self._fail(TransportError(f'sent more than {HEAD_LIMIT} bytes of headers', sent=True))

    def _settle(self) -> None:
        """The exchange is over; make the connection ready for the next."""
        answer, self._answer = self._answer, None
        self._busy = False
        if answer is not None:
            if answer.paused and not self._transport.is_closing():
                self._transport.resume_reading()
            answer.finish()
        if self._upload is not None and not self._upload.done():
            return
        self._upload = None
        if not self._keep or self.lost or self._transport.is_closing() or self._transport.get_write_buffer_size():
            self._abort()
            return
        if self._fresh_parser:
            self._fresh_parser = False
            self._parser = httptools.HttpResponseParser(self)
        self._watch(self._idle_now)
        self.aside = False
        self._freed(self)

    # -- the parser's callbacks

    def on_message_begin(self) -> None:
        if self._complete:
            # More than was asked for: what follows must not become the answer to the next request.
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is None or self._answer is None:
            return
        if len(name) == 10 and name.lower() == b'keep-alive':
            self._idle_now = _patience(value, self._idle)
        self._answer.headers.append((name.decode('latin-1'), value.decode('latin-1')))

    def on_headers_complete(self) -> None:
        answer, head = self._answer, self._head
        if answer is None or head is None:
            # A second response that nobody asked for.
            raise TransportError(GARBAGE, sent=True)
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                raise TransportError('switched to another protocol unasked', sent=True)
            if status == 100 and self._wanted is not None and not self._wanted.done():
                self._wanted.set_result(None)
            answer.headers.clear()
            return
        if sum(len(name) + len(value) + 4 for name, value in answer.headers) > HEAD_LIMIT:
            raise TransportError(f'sent more than {HEAD_LIMIT} bytes of headers', sent=True)
        answer.status = status
        self._keep = self._parser.should_keep_alive()
        self._bulk = 0
        self._head = None
        if not head.done():
            head.set_result(None)
        self._watch(self._timeout)
        if self._for_head or status in (204, 304):
            # The parser would wait for the body that the headers speak of.
            self._complete = self._fresh_parser = True

    def on_body(self, chunk: bytes) -> None:
        if self._complete or self._answer is None:
            self._keep = False
            return
        self._bulk = 0
        self._answer.feed(chunk)
        if not self._answer.paused:
            self._watch(self._timeout)

    def on_message_complete(self) -> None:
        if self._head is None:
            self._complete = True


def _ends_with_connection(answer: Answer) -> bool:
    if answer.header('content-length'):
        return False
    return not answer.header('transfer-encoding').lower().endswith('chunked')


def _patience(value: bytes, idle: float) -> float:
    """Seconds that a server's Keep-Alive header lets us keep an idle connection, a second less to be sure."""
    for word in value.lower().replace(b' ', b'').split(b','):
        if word.startswith(b'timeout=') and word[8:].isdigit():
            return min(idle, max(0.0, int(word[8:]) - 1.0))
    return idle
