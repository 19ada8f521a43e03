"""Draws what is done next in a story, and says when it is over that everything is as it must be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec

from hansa.rules.dispersal import layout
from hansa.rules.spreading import DISPERSE as DISPERSED
from hansa.services.dispersal.shelves import BESIDE
from hansa.sites.sim.objectstate import Blob, Container
from tests.simulation.objects.boxes import Boxes
from tests.simulation.objects.deeds import Deeds
from tests.simulation.objects.listing import Asked
from tests.simulation.objects.oracle import Box, Version, shown
from tests.simulation.objects.story import BOXES, SPANNING, Op, Story
from tests.simulation.objects.weather import OUTAGES
from tests.simulation.objects.world import PROJECT, SITES, World

EVERY = 400
"""Operations until all is made well and compared."""

_SPARE = 8
_PATIENCE = 90
_LONG = 8


class Driver:
    """One seed's."""

    def __init__(self, seed: int, world: World) -> None:
        self.world = world
        self.story = Story(seed, world)
        self.chance = self.story.chance
        self.deeds = Deeds(self.story)
        self.boxes = Boxes(self.story)

    async def run(self, operations: int) -> None:
        """Raises AssertionError where an answer, or what is left at the end, is not what it must be."""
        await self.world.start()
        tasks = len(asyncio.all_tasks())
        for name in BOXES[:4]:
            await self.story.do(self.boxes.make(name))
        for name in SPANNING:
            await self.story.do(self.boxes.make_spanning(name))
        settled = 0
        while self.story.done < operations:
            await self._step()
            if self.story.done - settled >= EVERY:
                await self.settle()
                if self.chance.random() < 0.6:
                    await self._bereft()
                settled = self.story.done
        await self.settle()
        left = sorted(task.get_name() for task in asyncio.all_tasks())
        assert len(left) <= tasks + _SPARE, f'tasks are left: {left}'
        await self.world.stop()

    async def _step(self) -> None:
        story, chance = self.story, self.chance
        await story.change()
        way = chance.choices(('one', 'copy', 'container', 'list', 'storm', 'walk', 'behind'), (50, 8, 14, 20, 5, 2, 1.5))[0]
        if way == 'one':
            name = story.any_box()
            await story.do(self.deeds.any_op(name, self.deeds.any_key(name)))
        elif way == 'copy':
            name, into = story.any_box(), story.any_box()
            await story.do(self.deeds.copy(name, self.deeds.any_key(name), into, self.deeds.any_key(into)))
        elif way == 'container':
            await story.do(self._container())
        elif way == 'list':
            await story.do(self.boxes.counts(partial=chance.random() < 0.3) if chance.random() < 0.2 else self.boxes.any_list())
        elif way == 'storm':
            await self._storm()
        elif way == 'walk':
            name = chance.choice(('', story.any_box()))
            await self.boxes.walk(self.boxes.asked(BOXES), name)
        else:
            await self._behind()
        await self._sure()

    def _container(self) -> Op:
        chance, name = self.chance, self.story.any_box()
        if '@' not in name and chance.random() < 0.4:
            name = chance.choice((*BOXES, *SPANNING))
            return self.boxes.make_spanning(name) if name in SPANNING else self.boxes.make(name)
        return chance.choice((self.boxes.head, self.boxes.repaint, self.boxes.drop))(name)

    async def _storm(self) -> None:
        """Much at once, to objects that are all different, and a listing in their midst."""
        story = self.story
        keys = {(name, self.deeds.any_key(name)) for name in (story.any_box() for _ in range(self.chance.randint(2, 8)))}
        ops = [self.deeds.any_op(name, key) for name, key in sorted(keys)]
        name = self.chance.choice(sorted(keys))[0]
        page = self.boxes.list(name, self.boxes.asked(BOXES), crowd=True) if self.chance.random() < 0.6 else self.boxes.account(Asked(), crowd=True)
        await story.do(*ops, page)

    # -- past the league

    async def _behind(self) -> None:
        """Somebody changes something at a site itself."""
        story, chance = self.story, self.chance
        name = story.any_box()
        box = story.boxes[name]
        if box.there != {True} or not box.site:
            await self._found()
            return
        own = name.rpartition('@')[0] or name
        if chance.random() < 0.5:
            held = (await self.world.account(box.site))[own]
            key, new = self.deeds.any_key(name), self.deeds.version()
            self._lay(held, key, new)
            box.cell(key).done(new)
            story.note(f'behind: {name}/{key} at {box.site}')
        elif '@' not in name and not story.twin(name):
            site = chance.choice([site for site in SITES if site != box.site])
            if not await self.world.account(site) or name in await self.world.account(site):
                return
            await self._lay_box(f'{name}@{site}', name, site)
            await story.calm(self.boxes.account(Asked()), 200, 204)

    async def _found(self) -> None:
        """A container comes of which the league has never heard, perhaps while its site is away."""
        story, site = self.story, self.chance.choice(SITES)
        name = next((name for name in BOXES if story.boxes[name].there == {False} and not story.twin(name)), '')
        if not name or await self.world.store.home(PROJECT, name) is not None or not await self.world.account(site):
            return
        await self._lay_box(name, name, site)
        kept = self.world.weather.down
        if self.chance.random() < 0.7:
            self.world.weather.down = {site: self.chance.choice(OUTAGES)}
        key = self.deeds.any_key(name)
        op = self.chance.choice((self.boxes.head(name), self.deeds.read(name, key), self.deeds.put(name, key)))
        await story.do(msgspec.structs.replace(op, sites=None))
        self.world.weather.down = kept
        await story.calm(self.boxes.head(name), 204)

    async def _lay_box(self, name: str, own: str, site: str) -> None:
        held = (await self.world.account(site))[own] = Container(self.world.clock.now(), self.world.clouds[site].state.objects.policies[0])
        box = self.story.boxes[name] = Box()
        box.there, box.site = {True}, site
        if self.chance.random() < 0.7:
            key, new = self.deeds.any_key(name), self.deeds.version()
            self._lay(held, key, new)
            box.cell(key).done(new)
        self.story.note(f'behind: {name} at {site}')

    def _lay(self, held: Container, key: str, new: Version) -> None:
        headers = {'x-object-meta-colour': new.colour} if new.colour else {}
        held.put(key, Blob(new.body, new.etag, new.media, self.world.clock.now(), headers))

    async def _sure(self) -> None:
        """Which of two containers of a name there is has to be known before more is done with them."""
        story = self.story
        for name in sorted(story.doubt):
            if '@' not in name and story.twin(name):
                await story.calm(self.boxes.head(name), 204, 404)
            elif '@' in name:
                await story.calm(self.boxes.head(name), 204, 404)
                if name in story.boxes and story.boxes[name].there == {False}:
                    del story.boxes[name]
        story.doubt.clear()

    # -- in the end

    async def settle(self) -> None:
        """Everything is well again: what the client believes becomes what it knows, and what the sites have."""
        story, boxes = self.story, self.boxes
        await self.world.weather.clear()
        for box in story.boxes.values():
            if not box.sites:
                box.settle()
        await story.calm(boxes.counts(), 204)
        await self._repaired()
        self.world.weather.absolve()
        for box in story.boxes.values():
            box.settle()
        boxes.settled = True
        await story.do(boxes.account(Asked()))
        for name in sorted(story.boxes):
            if True in story.boxes[name].there:
                await story.do(boxes.list(name, Asked()))
                for key in sorted(story.boxes[name].possible):
                    await story.do(self.deeds.read(name, key))
                await story.do(boxes.head(name))
        unsure = {
            f'{name}/{key}': (box.there, shown(cell.all))
            for name, box in story.boxes.items()
            for key, cell in box.cells.items()
            if not box.sure or not cell.sure
        }
        assert not unsure, f'it is not known what is there: {unsure}'
        await story.do(boxes.account(Asked()), boxes.counts())
        await self._compared()
        boxes.settled = False

    async def _repaired(self) -> None:
        """Until no site owes anything to what spans sites."""
        for _ in range(_PATIENCE):
            spreads = await self.world.store.spreads(PROJECT)
            if not await self.world.store.owing(PROJECT) and not any(spread.filling or spread.leaving for spread in spreads):
                return
            await self.world.clock.sleep(20)
        raise AssertionError(f'not repaired: {await self.world.store.owing(PROJECT)} {await self.world.store.spreads(PROJECT)}')

    async def _bereft(self) -> None:
        """All is level and one site dies: what is mirrored is read and written as before."""
        story, dead = self.story, self.chance.choice(SITES)
        lives = story.count['restart']
        self.world.weather.down = {dead: self.chance.choice(OUTAGES)}
        story.note(f'bereft: {self.world.weather.down}')
        for name, headers in SPANNING.items():
            if story.boxes[name].there != {True}:
                continue
            ops = [self.boxes.list(name, Asked()), self.boxes.head(name)]
            ops += [self.deeds.read(name, key) for key in sorted(story.boxes[name].possible)]
            if 'x-container-meta-hansa-quorum' not in headers or dead not in story.boxes[name].sites:
                ops += [deed(name, self.deeds.any_key(name)) for deed in (self.deeds.put, self.deeds.drop, self.deeds.repaint, self.deeds.read)]
            for op in ops:
                await story.do(msgspec.structs.replace(op, sure=not op.leaves and story.count['restart'] == lives))
        # Who missed all that is back, and nobody else is there: what it has is not what was written last.
        self.world.weather.down = {site: self.chance.choice(OUTAGES) for site in SITES if site != dead}
        story.note(f'back: {dead}')
        for name in SPANNING:
            for key in sorted(story.boxes[name].possible):
                await story.do(self.deeds.read(name, key))
            await story.do(self.boxes.list(name, Asked()))
        self.world.weather.down = {}

    def _shared(self, name: str, held_by: Mapping[str, dict[str, Container]]) -> None:
        """Of what is dispersed each site has a share, none of them the whole, and nothing else."""
        box = self.story.boxes[name]
        for site in SITES:
            shares, blocks = held_by[site].pop(name, None), held_by[site].pop(name + BESIDE, None)
            there = [each is not None for each in (shares, blocks)]
            assert there == [box.there == {True}] * 2, f'{name} is {box.there}, and {site} has shares and blocks: {there}'
            if shares is None or blocks is None:
                continue
            assert {*shares.blobs} == box.certain, f'{site} has shares of {sorted(shares.blobs)} in {name}, which has {sorted(box.certain)}'
            large = [name for name in box.certain if any(state and len(state.body) > layout.BLOCK for state in box.cells[name].may)]
            assert len(blocks.blobs) == len(large), f'{site} has blocks of {sorted(blocks.blobs)}, and only {sorted(large)} are longer than one'
            whole = [state.body for cell in box.cells.values() for state in cell.may if state and len(state.body) > _LONG]
            assert not any(body in blob.data for body in whole for blob in shares.blobs.values()), f'{site} can read {name}'

    async def _compared(self) -> None:
        """The sites have what the client knows and nothing else."""
        held_by = {site: dict(await self.world.account(site)) for site in SITES}
        for name, headers in SPANNING.items():
            if DISPERSED in headers:
                self._shared(name, held_by)
        have = {
            (site, name, key): (blob.data, blob.media, blob.headers.get('x-object-meta-colour', ''))
            for site, boxes in held_by.items()
            for name, held in boxes.items()
            for key, blob in [('', Blob(b'', '', '', 0.0)), *held.blobs.items()]
        }
        known = {
            (site, name.rpartition('@')[0] or name, key): (state.body, state.media, state.colour) if state else (b'', '', '')
            for name, box in self.story.boxes.items()
            if box.there == {True} and DISPERSED not in SPANNING.get(name, {})
            for site in box.sites or (box.site,)
            for key, state in [('', None), *((key, next(iter(box.cells[key].may))) for key in box.possible)]
        }
        wrong = {key for key in have.keys() | known.keys() if have.get(key) != known.get(key)}
        assert not wrong, f'the sites have something else: {sorted(wrong)}'
        assert not list(await self.world.store.open_intents())
        homes = sum((await self.world.store.housed(PROJECT)).values())
        assert homes <= len(BOXES), f'{homes} containers have homes'
