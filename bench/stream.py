"""A client for one large body up or down, in a process of its own so that its CPU is nobody else's.

Reads a JSON object (method, url, headers, size) from standard input; writes one (status, bytes, seconds) to standard output.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Mapping

import msgspec

from bench import processes

PIECE = 1 << 20
SECONDS = 300


class Order(msgspec.Struct, frozen=True):
    method: str
    url: str
    headers: dict[str, str]
    size: int


class Result(msgspec.Struct, frozen=True):
    """`bytes` went over the wire, in the direction asked for."""

    status: int
    bytes: int
    seconds: float

    @property
    def mb_s(self) -> float:
        """Megabytes a second."""
        return self.bytes / self.seconds / 1e6


def run(method: str, url: str, headers: Mapping[str, str], size: int) -> Result:
    """PUT so many bytes, or GET and expect so many. Raises RuntimeError where that is not what happened."""
    order = msgspec.json.encode(Order(method, url, dict(headers), size))
    done = subprocess.run(
        (processes.PYTHON, '-m', 'bench.stream'),
        input=order,
        capture_output=True,
        check=False,
        cwd=processes.ROOT,
        timeout=SECONDS + 60,
    )
    if done.returncode != 0:
        raise RuntimeError(f'{method} {url} broke off: {done.stderr.decode()[-2000:]}')
    result = msgspec.json.decode(done.stdout, type=Result)
    if not 200 <= result.status < 300 or result.bytes < size:
        raise RuntimeError(f'{method} {url}: status {result.status}, {result.bytes} of {size} bytes.')
    return result


def _play(order: Order) -> Result:
    url = urllib.parse.urlsplit(order.url)
    lines = [f'{order.method} {url.path} HTTP/1.1', f'Host: {url.netloc}', 'Connection: close']
    lines += [f'{name}: {value}' for name, value in order.headers.items()]
    upward = order.method == 'PUT'
    if upward:
        lines += [f'Content-Length: {order.size}', 'Content-Type: application/octet-stream']
    began = time.perf_counter()
    with socket.create_connection((url.hostname or '127.0.0.1', url.port or 80), SECONDS) as wire:
        wire.sendall(('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1'))
        if upward:
            piece = memoryview(bytes(PIECE))
            for start in range(0, order.size, PIECE):
                wire.sendall(piece[: min(PIECE, order.size - start)])
        head, received = _receive(wire)
    return Result(int(head.split(None, 2)[1]), order.size if upward else received, time.perf_counter() - began)


def _receive(wire: socket.socket) -> tuple[bytes, int]:
    """The response's head, and how many bytes came after it until the other side closed."""
    buffer = bytearray(PIECE)
    head = b''
    while b'\r\n\r\n' not in head:
        piece = wire.recv(65536)
        if not piece:
            raise RuntimeError(f'The connection was closed within the head: {head[:200]!r}')
        head += piece
    received = len(head) - head.index(b'\r\n\r\n') - 4
    while count := wire.recv_into(buffer):
        received += count
    return head, received


if __name__ == '__main__':
    print(json.dumps(msgspec.to_builtins(_play(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))))
