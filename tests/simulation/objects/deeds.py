"""What a client does with objects, and what it may then believe of them."""

from __future__ import annotations

import re

from hansa.rules.dispersal import layout
from tests.simulation.objects.oracle import Cell, State, Version
from tests.simulation.objects.story import OBJECTS, Op, Story, path
from tests.simulation.objects.world import Reply

MEDIA = ('text/plain', 'application/x-tree', 'application/octet-stream')
COLOURS = ('', 'red', 'green')
_LONG = 0.15
_SPAN = re.compile(r'bytes (\d+)-(\d+)/(\d+)')


class Deeds:
    """Makes requests of a story."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.chance = story.chance
        self._made = 0

    def any_op(self, name: str, key: str) -> Op:
        """Something done with this object."""
        deed = self.chance.choices((self.put, self.read, self.spans, self.drop, self.repaint), (30, 30, 10, 14, 6))[0]
        return deed(name, key)

    def any_key(self, name: str) -> str:
        """An object's name, mostly of one that is there."""
        there = sorted(self.story.boxes[name].possible)
        return self.chance.choice(there if there and self.chance.random() < 0.6 else OBJECTS)

    def version(self, name: str = '') -> Version:
        """A new one; now and then it has nothing in it, or is long, in a dispersed container longer than one block."""
        self._made += 1
        head = f'{self._made}:'.encode()
        size = self.chance.choice((0, 1, 10, 100, 300, 300, 300, 70_000 if self.chance.random() < 0.3 else 50))
        size = layout.BLOCK + size if name and self.story.boxes[name].sealed and self.chance.random() < _LONG else size
        body = b'' if self.chance.random() < 0.03 else head + self.chance.randbytes(min(size, 300)) * (1 + size // 300)
        return Version(body, self.chance.choice(MEDIA), self.chance.choice(COLOURS))

    def put(self, name: str, key: str) -> Op:
        new, cell = self.version(name), self.story.boxes[name].cell(key)
        headers = {'content-type': new.media} | ({'x-object-meta-colour': new.colour} if new.colour else {})
        chunks = [new.body]
        if self.chance.random() < 0.4 and new.body:
            headers['transfer-encoding'] = 'chunked'
            at = self.chance.randrange(len(new.body))
            chunks = [new.body[:at], new.body[at:]]
        else:
            headers['content-length'] = str(len(new.body))
        wish = self.chance.choices(('', 'etag', 'wrong', 'new', 'leaves'), (80, 6, 4, 4, 6))[0]
        leaves = wish == 'leaves' and bool(new.body)
        if leaves:
            chunks = [*chunks, b''] if len(chunks) == 1 else chunks
            headers = {key: value for key, value in headers.items() if key != 'content-length'} | {'transfer-encoding': 'chunked'}
        if wish in {'etag', 'wrong'}:
            headers['etag'] = new.etag if wish == 'etag' else '0' * 32
        if wish == 'new':
            headers['if-none-match'] = '*'

        def judge(reply: Reply) -> None:
            box = self.story.boxes[name]
            if reply.status == 404:
                box.is_gone(f'{name} was not there for {key}')
            elif leaves or (wish == 'wrong' and reply.unknown):
                assert reply.unknown, f'{reply.status} for half of {name}/{key}'
            elif reply.unknown:
                cell.maybe(new, late=reply.late)
            else:
                self.story.told(name, reply)
                if wish == 'wrong':
                    assert reply.status == 422, f'{reply.status} for a wrong ETag'
                elif reply.status == 412:
                    assert wish == 'new', 'a condition that nobody named'
                    cell.seen(cell.all - {None}, f'{name}/{key} is there')
                else:
                    assert reply.status == 201, f'PUT {name}/{key}: {reply.status} {reply.body!r}'
                    if wish == 'new':
                        cell.seen({None}, f'{name}/{key} was not there')
                    assert reply.headers['etag'].strip('"') == new.etag
                    cell.done(new)

        return Op('PUT', path(name, key), judge, headers, chunks, leaves=leaves, sites=self.story.at(name))

    def read(self, name: str, key: str) -> Op:
        """All of it, or its headers."""
        cell = self.story.boxes[name].cell(key)
        method = self.chance.choice(('GET', 'GET', 'HEAD'))

        def judge(reply: Reply) -> None:
            if reply.unknown:
                return
            if reply.status == 404:
                self._absent(name, key, cell)
                return
            assert reply.status == 200, f'{method} {name}/{key}: {reply.status} {reply.body!r}'
            self.story.told(name, reply)
            self._is(name, key, cell, reply)
            body = next(iter(cell.may - {None}))
            assert body is not None
            assert int(reply.headers['content-length']) == len(body.body)
            assert method == 'HEAD' or reply.body == body.body, f'{name}/{key}: {len(reply.body)} bytes that nobody put'

        return Op(method, path(name, key), judge, sites=self.story.at(name))

    def spans(self, name: str, key: str) -> Op:
        """Some bytes of it."""
        cell, first = self.story.boxes[name].cell(key), self.chance.randrange(400)
        wanted = self.chance.choice((f'bytes={first}-', f'bytes={first}-{first + self.chance.randrange(100)}', f'bytes=-{first + 1}'))

        def judge(reply: Reply) -> None:
            if reply.unknown:
                return
            if reply.status == 404:
                self._absent(name, key, cell)
                return
            self.story.told(name, reply)
            if reply.status == 416:
                cell.seen([state for state in cell.all if state and len(state.body) <= first], f'{name}/{key} is short')
                return
            self._is(name, key, cell, reply)
            whole = next(iter(cell.may - {None}))
            assert whole is not None
            if reply.status == 200:
                assert not whole.body
                return
            assert reply.status == 206, f'{name}/{key} {wanted}: {reply.status} {reply.body!r}'
            span = _SPAN.fullmatch(reply.headers['content-range'])
            assert span, reply.headers
            low, high, size = int(span[1]), int(span[2]), int(span[3])
            assert (size, reply.body) == (len(whole.body), whole.body[low : high + 1])
            assert wanted == f'bytes=-{size - low}' or wanted.startswith(f'bytes={low}-') or (low == 0 and wanted.startswith('bytes=-'))

        return Op('GET', path(name, key), judge, {'range': wanted}, sites=self.story.at(name))

    def drop(self, name: str, key: str) -> Op:
        cell = self.story.boxes[name].cell(key)

        def judge(reply: Reply) -> None:
            if reply.unknown:
                cell.maybe(None, late=reply.late)
            elif reply.status == 404:
                self._absent(name, key, cell)
            else:
                assert reply.status == 204, f'DELETE {name}/{key}: {reply.status} {reply.body!r}'
                self.story.told(name, reply)
                cell.seen(cell.all - {None}, f'{name}/{key} was removed')
                cell.done(None)

        return Op('DELETE', path(name, key), judge, sites=self.story.at(name))

    def repaint(self, name: str, key: str) -> Op:
        """Other metadata."""
        cell, colour = self.story.boxes[name].cell(key), self.chance.choice(COLOURS)

        def judge(reply: Reply) -> None:
            news: set[State] = {state._replace(colour=colour) for state in cell.all if state}
            if reply.unknown:
                for new in news:
                    cell.maybe(new, late=False)
            elif reply.status == 404:
                self._absent(name, key, cell)
            else:
                assert reply.status == 202, f'POST {name}/{key}: {reply.status} {reply.body!r}'
                self.story.told(name, reply)
                assert news, f'{name}/{key} took metadata and is not there'
                cell.done(*news)

        return Op('POST', path(name, key), judge, {'x-object-meta-colour': colour} if colour else {}, sites=self.story.at(name))

    def copy(self, name: str, key: str, into: str, as_key: str) -> Op:
        """Within a site or across."""
        story, colour = self.story, self.chance.choice(COLOURS)
        source, target = story.boxes[name].cell(key), story.boxes[into].cell(as_key)
        headers = {'x-object-meta-colour': colour} if colour else {}

        def judge(reply: Reply) -> None:
            made = {state: state._replace(colour=colour or state.colour) for state in source.all if state}
            if reply.unknown:
                for new in made.values():
                    target.maybe(new, late=reply.late)
            elif reply.status == 404:
                boxes = [story.boxes[name], story.boxes[into]]
                assert None in source.all or any(False in box.there for box in boxes), f'{name}/{key} is there, but cannot be copied to {into}'
            else:
                assert reply.status == 201, f'COPY {name}/{key} to {into}: {reply.status} {reply.body!r}'
                story.told(into, reply)
                story.boxes[name].is_there(f'{key} was copied')
                etag = reply.headers['etag'].strip('"')
                kept = {state: new for state, new in made.items() if state.etag == etag}
                assert kept, f'{into}/{as_key} is no copy of {name}/{key}'
                source.seen([*kept], f'{name}/{key} was copied')
                target.done(*kept.values())

        sites = story.at(name, into)
        if self.chance.random() < 0.5:
            return Op('COPY', path(name, key), judge, {**headers, 'destination': path(into, as_key)}, sites=sites)
        return Op('PUT', path(into, as_key), judge, {**headers, 'x-copy-from': path(name, key), 'content-length': '0'}, sites=sites)

    def _absent(self, name: str, key: str, cell: Cell) -> None:
        box = self.story.boxes[name]
        if None not in cell.all:
            box.is_gone(f'{name}/{key} is not there')
        elif box.there == {True}:
            cell.seen({None}, f'{name}/{key} is not there')

    @staticmethod
    def _is(name: str, key: str, cell: Cell, reply: Reply) -> None:
        """One of the versions that it can be, by ETag, type and metadata."""
        told = reply.headers
        fits = [
            state for state in cell.all
            if state and (state.etag, state.media, state.colour) == (told['etag'].strip('"'), told['content-type'], told.get('x-object-meta-colour', ''))
        ]  # fmt: skip
        cell.seen(fits, f'{name}/{key} is {told["etag"]} {told["content-type"]} {told.get("x-object-meta-colour")}')
