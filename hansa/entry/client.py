"""The command line's way to a running league: plain HTTP over the socket in its state directory, whose file mode is the authorisation."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from urllib.parse import quote

from hansa.model.errors import HansaError

SOCKET = 'hansa.sock'
TIMEOUT = 30.0
MOST = 64 << 20


class NotRunning(HansaError):
    """No league answers in that state directory."""


class Refused(HansaError):
    """The league answered that it will not, or cannot; the message is its own."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__('league', timeout=timeout)
        self._path = path
        self._seconds = timeout

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        self.sock.connect(self._path)


class League:
    """The league whose state lies in a directory. Every method raises NotRunning, and Refused with the league's own sentence.

    `timeout` is in seconds and bounds each wait on the socket.
    """

    def __init__(self, state: str, timeout: float = TIMEOUT) -> None:
        self._state = state
        self._timeout = timeout

    def get(self, *path: str) -> dict[str, object]:
        """The JSON document at /league/v1/PATH…"""
        return self._ask('GET', path)

    def post(self, *path: str, body: object = None) -> dict[str, object]:
        """Send JSON; the document that comes back."""
        return self._ask('POST', path, body)

    def put(self, *path: str, body: object) -> dict[str, object]:
        """The answer to a change, told as JSON."""
        return self._ask('PUT', path, body)

    def delete(self, *path: str) -> None:
        """Delete what is at the path."""
        self._ask('DELETE', path)

    def _ask(self, method: str, path: tuple[str, ...], body: object = None) -> dict[str, object]:
        url = '/'.join(('/league/v1', *(quote(part, safe='') for part in path)))
        status, raw = self._exchange(method, url, None if body is None else json.dumps(body))
        if status == 204:
            return {}
        try:
            document = json.loads(raw)
        except ValueError:
            document = None
        if status >= 400:
            raise Refused(_message(document) or f'The league answered {method} {url} with {status}; its log says more.')
        if not isinstance(document, dict):
            raise Refused(f'What answers on {SOCKET} in {self._state} is not a league.')
        return document

    def _exchange(self, method: str, url: str, body: str | None) -> tuple[int, bytes]:
        connection = _Connection(str(Path(self._state) / SOCKET), self._timeout)
        headers = {'Accept': 'application/json'} | ({'Content-Type': 'application/json'} if body is not None else {})
        try:
            connection.request(method, url, body, headers)
            response = connection.getresponse()
            return response.status, response.read(MOST)
        except TimeoutError as error:
            raise Refused(f'The league in {self._state} gave no answer within {self._timeout:g} s; its log says more.') from error
        except PermissionError as error:
            raise NotRunning(f'You may not talk to the league in {self._state}; do it as the user that runs it.') from error
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
            raise NotRunning(
                f'No league is running in {self._state}; start it with: hansa serve --state {self._state},'
                ' or name the directory of one that runs with --state.'
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Refused(f'The talk with the league in {self._state} broke off: {error}.') from error
        finally:
            connection.close()


def _message(document: object) -> str:
    error = document.get('error') if isinstance(document, dict) else None
    return str(error.get('message', '')) if isinstance(error, dict) else ''
