"""XML as S3 writes and reads it: small documents without types, entities or surprises."""

from __future__ import annotations

import datetime as dt
import email.utils
import re
import xml.parsers.expat
from collections.abc import Iterable, Sequence

import msgspec

from hansa.rules.s3.refusal import Refused

NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

_DEPTH = 8
_NODES = 60_000
_UNSAID = re.compile(r'[&<>"\x00-\x1f\x7f]')

Content = str | int | bool | Sequence['Node']
Node = tuple[str, Content]
"""An element: its name, and its text or its children."""


class Element(msgspec.Struct):
    """What was read; names are without their namespace."""

    name: str
    text: str = ''
    children: list[Element] = []

    def all(self, name: str) -> list[Element]:
        """Children of that name."""
        return [child for child in self.children if child.name == name]

    def word(self, name: str) -> str:
        """Text of the first child of that name; '' where there is none."""
        return next((child.text for child in self.children if child.name == name), '')


def written(root: str, children: Sequence[Node], *, plain: bool = False) -> bytes:
    """A document; `plain` is one without S3's namespace, as errors are."""
    head = f'<{root}>' if plain else f'<{root} xmlns="{NAMESPACE}">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{_inside(children)}</{root}>'.encode()


def written_text(root: str, text: str) -> bytes:
    """A document that is one word."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">{_content(text)}</{root}>'.encode()


def _inside(children: Iterable[Node]) -> str:
    """A name may have attributes behind it."""
    return ''.join(f'<{name}>{_content(content)}</{name.partition(" ")[0]}>' for name, content in children)


def _content(content: Content) -> str:
    if isinstance(content, bool):
        return 'true' if content else 'false'
    if isinstance(content, int):
        return str(content)
    return _UNSAID.sub(lambda sign: f'&#{ord(sign[0])};', content) if isinstance(content, str) else _inside(content)


def read(raw: bytes, root: str) -> Element:
    """A document whose outermost element is `root`. Raises Refused for what is none, or has a document type."""
    top = Element('')
    stack, counted = [top], 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal counted
        counted += 1
        if len(stack) > _DEPTH or counted > _NODES:
            raise _malformed()
        stack[-1].children.append(element := Element(name.rpartition(':')[2]))
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def words(text: str) -> None:
        stack[-1].text += text

    def typed(*_: object) -> None:
        raise _malformed()

    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, words
    parser.StartDoctypeDeclHandler = typed
    try:
        parser.Parse(raw, True)
    except (xml.parsers.expat.ExpatError, ValueError, LookupError):
        raise _malformed() from None
    if not top.children or top.children[0].name != root:
        raise _malformed()
    return top.children[0]


def _malformed() -> Refused:
    return Refused('MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema.')


def moment(swift: str) -> str:
    """A time of Swift's listings (`2026-11-21T11:36:01.123450`, UTC) as S3 writes it."""
    try:
        return f'{dt.datetime.fromisoformat(swift).isoformat(timespec="milliseconds").removesuffix("+00:00")}Z'
    except ValueError:
        return '1970-01-01T00:00:00.000Z'


def of_http(text: str) -> str:
    """The same of a header Last-Modified."""
    try:
        return email.utils.parsedate_to_datetime(text).strftime('%Y-%m-%dT%H:%M:%S.000Z')
    except ValueError:
        return moment('')
