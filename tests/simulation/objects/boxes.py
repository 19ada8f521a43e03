"""What a client does with containers and with its account, and what it may then believe of them."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from tests.simulation.objects import listing
from tests.simulation.objects.deeds import COLOURS
from tests.simulation.objects.listing import Asked
from tests.simulation.objects.oracle import Box, State, ends
from tests.simulation.objects.story import BOXES, OBJECTS, SPANNING, Op, Story, path
from tests.simulation.objects.world import SITES, Reply

DELIMITERS = ('', '', '', '/', '/', '-', '//', '_s', '@')
PARTIAL = {'x-hansa-partial': 'true'}
COUNTED = ('container-count', 'object-count', 'bytes-used')
MAKING = 200.0
"""Seconds in which the league may still take a container for one that is being made, as that was how its last request for it ended."""

_ENDS = ('_segments', '+segments')


class Boxes:
    """Makes requests of a story."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.chance = story.chance
        self.settled = False

    # -- one container

    def make_spanning(self, name: str) -> Op:
        story, colour = self.story, self.chance.choice(COLOURS)

        def judge(reply: Reply) -> None:
            box = story.boxes[name]
            if reply.unknown:
                box.there |= {True}
                box.coming = box.there != {True}
                box.colours |= {colour}
            elif reply.status == 409:
                assert box.going, f'{name} is taken, and it was not removed a moment ago'
            else:
                assert reply.status in {201, 202}, f'PUT {name}: {reply.status} {reply.body!r}'
                box.there |= {True}
                story.told(name, reply)
                box.colours = {colour} if colour else {'', *box.colours}

        return Op('PUT', path(name), judge, SPANNING[name] | ({'x-container-meta-colour': colour} if colour else {}))

    def make(self, name: str) -> Op:
        story, colour = self.story, self.chance.choice(COLOURS)
        policy = self.chance.choice(('', *SITES))
        headers = ({'x-storage-policy': policy} if policy else {}) | ({'x-container-meta-colour': colour} if colour else {})
        beside = next((name.removesuffix(end) for end in _ENDS if name.endswith(end)), '')
        pinned = story.boxes[beside].site if not policy and beside and story.boxes[beside].there == {True} else ''

        def judge(reply: Reply) -> None:
            box = story.boxes[name]
            if reply.unknown:
                if box.there != {True}:
                    box.there, box.site, box.doubted = {True, False}, '', story.world.clock.now()
                box.colours |= {colour}
            elif reply.status == 409:
                assert policy not in {'', box.site}, f'{name} cannot be made at {policy}, and it is at {box.site}'
                if story.world.clock.now() - box.doubted > MAKING:
                    box.is_there(f'{name} is elsewhere than at {policy}')
            elif reply.status == 201:
                box.is_gone(f'{name} was made anew')
                box.there, box.site, box.colours = {True}, reply.headers['x-hansa-site'], {colour}
                assert policy in {'', box.site}, f'{name} was made at {box.site} and not at {policy}'
                assert pinned in {'', box.site}, f'{name} was made at {box.site}, and {beside} is at {pinned}'
            else:
                assert reply.status == 202, f'PUT {name}: {reply.status} {reply.body!r}'
                story.told(name, reply)
                if colour:
                    story.boxes[name].colours = {colour}

        return Op('PUT', path(name), judge, headers)

    def repaint(self, name: str) -> Op:
        story, colour = self.story, self.chance.choice(COLOURS[1:])

        def judge(reply: Reply) -> None:
            box = story.boxes[name]
            if reply.unknown:
                box.colours |= {colour}
            elif reply.status == 404:
                self._absent(name)
            else:
                assert reply.status == 204, f'POST {name}: {reply.status} {reply.body!r}'
                story.told(name, reply)
                story.boxes[name].colours = {colour}

        return Op('POST', path(name), judge, {'x-container-meta-colour': colour}, sites=story.at(name))

    def drop(self, name: str) -> Op:
        story = self.story

        def judge(reply: Reply) -> None:
            box = story.boxes[name]
            box.going = box.going or reply.unknown or reply.status == 204
            if reply.unknown:
                box.may_go()
                story.doubt.add(name)
            elif reply.status == 409:
                box.is_there(f'{name} is said to have objects')
                assert story.boxes[name].possible, f'{name} is said to have objects, and it has none'
            elif reply.status == 404:
                self._absent(name)
            else:
                assert reply.status == 204, f'DELETE {name}: {reply.status} {reply.body!r}'
                box.is_there(f'{name} was removed')
                story.gone(name, f'{name} was removed')

        return Op('DELETE', path(name), judge, sites=story.at(name))

    def head(self, name: str) -> Op:
        def judge(reply: Reply) -> None:
            self._headers(name, reply)

        return Op('HEAD', path(name), judge, sites=self.story.at(name))

    def _absent(self, name: str) -> None:
        self.story.boxes[name].is_gone(f'{name} is not there')
        self.story.doubt.add(name)

    def _headers(self, name: str, reply: Reply, *, crowd: bool = False) -> None:
        story = self.story
        if reply.unknown:
            return
        if reply.status == 404:
            self._absent(name)
            return
        assert reply.status in {200, 204}, f'{name}: {reply.status} {reply.body!r}'
        story.told(name, reply)
        box = story.boxes[name]
        colour = reply.headers.get('x-container-meta-colour', '')
        assert colour in box.colours, f'{name} is {colour}, and not {box.colours}'
        box.colours = box.colours if box.sites else {colour}
        told = [1, *(int(reply.headers[f'x-container-{what}']) for what in COUNTED[1:])]
        if not crowd:
            _within(told, *ends([box], settled=self.settled), name)

    def list(self, name: str, asked: Asked, *, crowd: bool = False) -> Op:
        """In a `crowd` others do something to the same container meanwhile; it is to be judged after them."""
        story, form = self.story, self.chance.choice(('json', 'json', 'plain'))
        before = story.boxes[name].certain, story.boxes[name].possible

        def judge(reply: Reply) -> None:
            self._headers(name, reply, crowd=crowd)
            if reply.status not in {200, 204}:
                return
            box = story.boxes[name]
            certain, possible = _meanwhile(before, (box.certain, box.possible))
            told = _rows(reply, form, asked, possible)
            seen, absent = listing.judge([row[:2] for row in told], asked, certain, possible)
            if not crowd:
                for key in absent:
                    box.cells[key].seen({None}, f'{name}/{key} is not listed')
                for key, _, row in told:
                    if key in seen:
                        box.cells[key].seen([state for state in box.cells[key].all if state and _fits(row, state)], f'{name} lists {key} as {row}')

        return Op('GET', f'{path(name)}?format={form}&{asked.words()}', judge, sites=story.at(name))

    # -- the account

    def listed(self) -> tuple[set[str], set[str]]:
        """Containers that are there for certain, and that may be."""
        boxes = self.story.boxes.items()
        return {name for name, box in boxes if box.there == {True}}, {name for name, box in boxes if True in box.there}

    def account(self, asked: Asked, *, partial: bool = False, crowd: bool = False) -> Op:
        story, form = self.story, self.chance.choice(('json', 'json', 'plain'))
        before = self.listed()

        def judge(reply: Reply) -> None:
            if reply.unknown:
                return
            assert reply.status in {200, 204}, f'{reply.status} {reply.body!r}'
            missing = {*reply.headers.get('x-hansa-missing-sites', '').split(', ')} - {''}
            assert partial or not missing, 'a partial listing, for which nobody asked'
            certain, possible = _meanwhile(before, self.listed())
            lost = {name for name in certain if missing and _away(story.boxes[name], missing)}
            told = _rows(reply, form, asked, possible)
            seen, absent = listing.judge([row[:2] for row in told], asked, certain - lost, possible)
            if crowd:
                return
            for name in seen:
                story.boxes[name].is_there(f'{name} is listed')
            for name in absent if not missing else ():
                story.boxes[name].is_gone(f'{name} is not listed')
            for name, subdir, row in told:
                if row and not subdir:
                    _within([1, row['count'], row['bytes']], *ends([story.boxes[name]], settled=self.settled), name)

        return Op('GET', f'?format={form}&{asked.words()}', judge, PARTIAL if partial else {})

    def counts(self, *, partial: bool = False) -> Op:
        def judge(reply: Reply) -> None:
            if reply.unknown:
                return
            assert reply.status == 204, f'{reply.status} {reply.body!r}'
            missing = {*reply.headers.get('x-hansa-missing-sites', '').split(', ')} - {''}
            assert partial or not missing, 'partial counts, for which nobody asked'
            boxes = list(self.story.boxes.values())
            low, _ = ends([box for box in boxes if not missing or not _away(box, missing)], settled=self.settled)
            _, high = ends(boxes, settled=self.settled)
            told = [int(reply.headers.get(f'x-account-{what}', 0)) for what in COUNTED]
            _within(told, low, high, 'the account')

        return Op('HEAD', '', judge, PARTIAL if partial else {})

    # -- page by page

    def asked(self, names: Collection[str]) -> Asked:
        """Any listing."""
        chance, pool = self.chance, sorted(names)
        limit = chance.choice((0, 0, 1, 2, 3, 5))
        marker, end = [chance.choice((*pool, 'p', 'b-')) if chance.random() < 0.25 else '' for _ in range(2)]
        prefix = chance.choice(pool)[: chance.randint(1, 3)] if chance.random() < 0.3 else ''
        return Asked(limit, marker, end, prefix, chance.choice(DELIMITERS), chance.random() < 0.3)

    def any_list(self) -> Op:
        if self.chance.random() < 0.5:
            return self.account(self.asked([*BOXES, *self.story.boxes]), partial=self.chance.random() < 0.3)
        return self.list(self.story.any_box(), self.asked(OBJECTS))

    async def walk(self, asked: Asked, name: str = '') -> None:
        """All pages of a container or of the account (''); a page that fails is asked for again, but not for ever."""
        told: list[str] = []
        limited = asked._replace(limit=self.chance.randint(1, 4))
        for _ in range(100):
            page = limited._replace(marker=told[-1] if told else asked.marker)
            op = self.list(name, page) if name else self.account(page)
            before = self.world_names(name)
            reply = (await self.story.do(op))[0]
            if reply.unknown:
                if self.chance.random() < 0.2:
                    return
                continue
            if reply.status == 404:
                return
            rows = _rows(reply, 'json' if 'format=json' in op.path else 'plain', page, before[1])
            if not rows:
                break
            told += [row[0] for row in rows]
        else:
            return
        certain, possible = self.world_names(name)
        if certain == possible:
            assert told == [row[0] for row in listing.rows(certain, asked)], f'the pages of {name or "the account"} are not its names: {told}'

    def world_names(self, name: str) -> tuple[set[str], set[str]]:
        """Names that are there for certain and that may be, of a container or of the account."""
        if not name:
            return self.listed()
        box = self.story.boxes.get(name, Box())
        return box.certain, box.possible


def _meanwhile(before: tuple[set[str], set[str]], after: tuple[set[str], set[str]]) -> tuple[set[str], set[str]]:
    """Names that were there all the time, and that were there at any time."""
    return before[0] & after[0], before[1] | after[1]


def _rows(reply: Reply, form: str, asked: Asked, possible: Collection[str]) -> list[tuple[str, bool, dict[str, Any]]]:
    """Name, whether it is rolled up, and what else is told of it. Of plain text the names that there can be say which is which."""
    if form == 'json':
        return [(row.get('name') or row['subdir'], 'subdir' in row, row) for row in json.loads(reply.body)]
    subdirs = {name for name, subdir in listing.rows(possible, asked) if subdir}
    return [(name, name in subdirs, {}) for name in reply.body.decode().split('\n')[:-1]]


def _away(box: Box, missing: set[str]) -> bool:
    """Whether it need not be listed where these are missing."""
    return bool(missing.intersection(box.sites)) if box.sites else box.site in {'', *missing}


def _fits(row: dict[str, Any], state: State) -> bool:
    return state is not None and (not row or (row['hash'], row['bytes'], row['content_type']) == (state.etag, len(state.body), state.media))


def _within(told: list[int], low: list[int], high: list[int], what: str) -> None:
    ok = all(least <= number <= most for least, number, most in zip(low, told, high, strict=True))
    assert ok, f'{what}: counts {told} are not between {low} and {high}'
