"""What a simulated service sees of a request and gives as an answer, and how a path finds its handler."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from hansa.sites.sim.state import Doc, State

Handler = Callable[..., 'Answer']
Row = tuple[str, str, Handler]
"""Method, path with {} for each id, handler(ask, *ids)."""
Table = list[tuple[str, re.Pattern[str], Handler]]


class Refused(Exception):
    """An answer that is an error; each service writes it in its own form. `kind` is Neutron's error type."""

    def __init__(self, status: int, message: str, kind: str = '') -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind


class Who(msgspec.Struct, frozen=True):
    """Whom a token speaks for; `project` is '' for tokens of another scope."""

    user: str
    user_name: str
    project: str
    project_name: str
    roles: frozenset[str]

    @property
    def admin(self) -> bool:
        return 'admin' in self.roles

    @property
    def writes(self) -> bool:
        return bool(self.roles & {'admin', 'member'})


NOBODY = Who('', '', '', '', frozenset())


class Answer(msgspec.Struct):
    """`doc` becomes JSON; `raw` goes as it is; neither is an empty body."""

    status: int = 200
    doc: Any = None
    raw: bytes | None = None
    headers: dict[str, str] = {}


class Ask(msgspec.Struct):
    """One request: `path` lies below the service's version; `base` is the URL of this cloud without '/' at the end."""

    state: State
    method: str
    path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes
    base: str
    request_id: str
    who: Who = NOBODY
    minor: int = 0
    shortcut: Callable[[Ask], Answer | None] | None = None
    """Answers what it can in a quicker way than the handlers; None for all else."""

    @property
    def query(self) -> list[tuple[str, str]]:
        return urllib.parse.parse_qsl(self.raw_query, keep_blank_values=True)

    def arg(self, name: str, default: str = '') -> str:
        """First value of a query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def args(self, name: str) -> list[str]:
        """All its values."""
        return [value for key, value in self.query if key == name]

    def flag(self, name: str) -> bool:
        """Whether a query parameter says yes; a bare one does."""
        return any(key == name and value.lower() not in ('0', 'false', 'f', 'no', 'n') for key, value in self.query)

    def json(self) -> Any:
        """The body. Raises Refused 400."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            raise Refused(400, 'Malformed request body', 'HTTPBadRequest') from None

    def object(self) -> Doc:
        """The body as an object; an empty one where there is none. Raises Refused 400."""
        body = self.json() if self.body else {}
        if not isinstance(body, dict):
            raise Refused(400, 'Malformed request body', 'HTTPBadRequest')
        return body

    def member(self, key: str) -> Doc:
        """The object under a key of the body. Raises Refused 400."""
        body = self.json()
        if not isinstance(body, dict) or not isinstance(body.get(key), dict):
            raise Refused(400, f"Invalid input for field/attribute body. '{key}' is a required property")
        found: Doc = body[key]
        return found

    def need_admin(self, rule: str) -> None:
        """Raises Refused 403 in the words of oslo.policy."""
        if not self.who.admin:
            raise Refused(403, f"Policy doesn't allow {rule} to be performed.", 'PolicyNotAuthorized')

    def sees(self, doc: Doc) -> bool:
        """Whether the caller owns it or may see everything."""
        return self.who.admin or doc.get('project_id') == self.who.project


def table(rows: Sequence[Row]) -> Table:
    """Make patterns of a service's rows."""
    made = []
    for methods, path, handler in rows:
        pattern = re.compile(re.escape(path).replace(r'\{\}', '([^/]+)') + '/?$')
        made += [(method, pattern, handler) for method in methods.split()]
    return made


def dispatch(routes: Table, ask: Ask) -> Answer:
    """Call the handler of the first row that fits. Raises Refused 404 or 405, and 400 for a body that the handler stumbles
    over: real services hold bodies against a schema first, there is none here.
    """
    if ask.shortcut is not None and (done := ask.shortcut(ask)) is not None:
        return done
    known = False
    for method, pattern, handler in routes:
        if found := pattern.match(ask.path):
            if method == ask.method or (method == 'GET' and ask.method == 'HEAD'):
                try:
                    return handler(ask, *[urllib.parse.unquote(one) for one in found.groups()])
                except (AttributeError, LookupError, TypeError, ValueError) as error:
                    if not ask.body:
                        raise
                    raise Refused(400, f'Invalid input: a value of another type is expected ({error}).') from error
            known = True
    if known:
        raise Refused(405, 'The method specified is not allowed for this resource.', 'HTTPMethodNotAllowed')
    raise Refused(404, 'The resource could not be found.', 'HTTPNotFound')


def shown(doc: Doc) -> Doc:
    """A document without what is hidden in it."""
    return {key: value for key, value in doc.items() if not key.startswith('_')}


def strict_bool(value: object, default: bool = False) -> bool:
    """What OpenStack takes as a boolean: true, 'True', 1, 'yes'."""
    if value is None or value == '':
        return default
    return str(value).lower() in ('true', '1', 't', 'yes', 'y', 'on')


def page(items: list[Doc], ask: Ask, missing: Callable[[str], Refused], limit: int = 1000) -> tuple[list[Doc], bool]:
    """Items after `marker`, at most `limit`, and whether to point at a next
    page: OpenStack does so after every full one. Raises what `missing(marker)` gives.
    """
    if marker := ask.arg('marker'):
        at = next((n for n, item in enumerate(items) if item['id'] == marker), None)
        if at is None:
            raise missing(marker)
        items = items[at + 1 :]
    wanted = ask.arg('limit')
    if wanted and not wanted.isdigit():
        raise Refused(400, f"Invalid input for query parameters limit. Value: {wanted}. '{wanted}' does not match '^[0-9]*$'")
    most = min(int(wanted), limit) if wanted else limit
    return items[:most], bool(most and len(items) >= most)


def next_query(ask: Ask, last: Doc) -> str:
    """The query of the following page."""
    kept = [(key, value) for key, value in ask.query if key != 'marker']
    return urllib.parse.urlencode([*kept, ('marker', last['id'])], safe=':')


def ordered(items: list[Doc], keys: list[tuple[str, str]]) -> list[Doc]:
    """Sorted by (field, 'asc' or 'desc') pairs, the first weighs most; None comes first."""
    for key, way in reversed(keys):
        items = sorted(items, key=lambda item: _rank(item.get(key)), reverse=way == 'desc')
    return items


def _rank(value: object) -> tuple[int, float, str]:
    if value is None:
        return (0, 0, '')
    return (1, float(value), '') if isinstance(value, (int, float)) else (1, 0, str(value))
