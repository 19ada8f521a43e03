"""A small HTTP server on a Unix socket that answers as a league does, and remembers what it was asked."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from hansa.entry import client

Answers = dict[tuple[str, str], tuple[int, object]]


class _Server(socketserver.ThreadingUnixStreamServer):
    def __init__(self, path: str, answers: Answers) -> None:
        super().__init__(path, _Handler)
        self.answers = answers
        self.asked: list[tuple[str, str, object]] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        self.server.asked.append((self.command, self.path, json.loads(raw) if raw else None))
        status, document = self.server.answers.get((self.command, self.path), (404, {'error': {'message': 'No such thing.'}}))
        body = document if isinstance(document, bytes) else b'' if status == 204 else json.dumps(document).encode()
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running(state: Path, answers: Answers) -> Iterator[list[tuple[str, str, object]]]:
    """A league in that state directory; gives the list of what it was asked: method, path, body."""
    with _Server(str(state / client.SOCKET), answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        try:
            yield server.asked
        finally:
            server.shutdown()
            thread.join(timeout=10)
