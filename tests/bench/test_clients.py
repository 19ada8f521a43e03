"""The benchmark's own clients, against a server of a few lines: what they count is what happened."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator

import pytest

from bench import load, stream, visitors

BODY = b'x' * 4000


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        self.send_response(200 if self.path == '/good' and self.headers['X-Word'] == 'yes' else 404)
        self.send_header('Content-Length', str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _serving() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_address[1]}'
        finally:
            server.shutdown()
            thread.join(10)


def test_load_counts_good_answers_and_refuses_others() -> None:
    with _serving() as url:
        result = load.run(f'{url}/good', {'X-Word': 'yes'}, 2, 0.1)
        assert result.requests >= 2
        assert (result.errors, result.bytes) == (0, len(BODY))
        assert 0 < result.p50_ms <= result.p99_ms
        with pytest.raises(RuntimeError, match='were not good'):
            load.run(f'{url}/bad', {}, 1, 0.1)


def test_stream_knows_how_much_went_each_way() -> None:
    with _serving() as url:
        assert stream.run('PUT', f'{url}/file', {}, 3_000_000).bytes == 3_000_000
        assert stream.run('GET', f'{url}/good', {'X-Word': 'yes'}, len(BODY)).bytes == len(BODY)
        with pytest.raises(RuntimeError, match='of 4001 bytes'):
            stream.run('GET', f'{url}/good', {'X-Word': 'yes'}, len(BODY) + 1)


def test_visitors_call_failed_what_they_did_not_come_for() -> None:
    with _serving() as url:
        urls = dict.fromkeys(('compute', 'volume', 'network', 'image'), url)
        seen = visitors.end(visitors.begin(visitors.Order(urls, ['token'], 'image', 'flavor', 3, 0.3, 0)))
        assert seen.requests == sum(seen.statuses.values()) >= 3
        assert seen.statuses.keys() <= {'404', '501'}
        assert sum(seen.failed.values()) == seen.requests
        assert seen.refused == 0
