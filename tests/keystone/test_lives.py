"""Starts, ends and deaths of a real Keystone of ours."""

from __future__ import annotations

import asyncio
import os
import pathlib
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator

import pytest

from hansa.keystone import admin, catalog, files
from hansa.keystone.accounts import Accounts
from hansa.keystone.admin import Admin, Administrator
from hansa.keystone.line import Line
from hansa.model.errors import SiteDown
from tests.keystone import real


@pytest.fixture
def directory() -> Iterator[pathlib.Path]:
    """A place whose path is short enough for a socket."""
    place = pathlib.Path(tempfile.mkdtemp(prefix='hansa-lives-'))
    yield real.cheap(place)
    shutil.rmtree(place)


async def login(way: Line, known: Accounts) -> Admin:
    return Admin(way, await admin.login(way, real.administrator(known)))


async def catalogue(by: Admin) -> dict[str, set[tuple[str, str, str]]]:
    """Per service name: interface, region and URL of its endpoints."""
    services = {service['id']: service['name'] for service in (await by.get('/services'))['services']}
    found: dict[str, set[tuple[str, str, str]]] = {name: set() for name in services.values()}
    assert len(found) == len(services)
    for endpoint in (await by.get('/endpoints'))['endpoints']:
        found[services[endpoint['service_id']]].add((endpoint['interface'], endpoint['region_id'], endpoint['url']))
    return found


def expected(public_url: str, region: str) -> dict[str, set[tuple[str, str, str]]]:
    return {
        name: {(interface, region, public_url + path) for interface in ('public', 'internal', 'admin')}
        for _, name, path in catalog.SERVICES
    }


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'


def test_a_life_of_two_starts(directory: pathlib.Path) -> None:
    async def main() -> None:
        way = real.line(directory)
        running, known = await real.start(directory)
        by = await login(way, known)
        assert await catalogue(by) == expected(real.PUBLIC, 'league')
        roles = {role['name'] for role in (await by.get('/roles'))['roles']}
        assert roles >= {'admin', 'member', 'reader', 'service', 'ResellerAdmin', 'swiftoperator', 'heat_stack_owner'}
        demo = (await admin.login(way, Administrator('demo', known.demo_password, 'demo'))).reveal()
        assert (await running.validate(demo)).project_name == 'demo'
        user = (await by.get('/users?name=demo'))['users'][0]['id']
        await by.patch(f'/users/{user}', {'user': {'name': 'renamed'}})
        ours = (await by.get('/users?name=hansa'))['users'][0]['id']
        await by.patch(f'/users/{ours}', {'user': {'password': 'no longer ours'}})

        first = running.pid
        os.kill(first, signal.SIGKILL)
        await real.until(lambda: not alive(first))
        with pytest.raises(SiteDown):
            await running.relay('GET', '/v3', '', [], None)

        async def back() -> bool:
            try:
                return (await (await running.relay('GET', '/v3', '', [], None)).read()).startswith(b'{"version"')
            except SiteDown:
                return False

        await real.until(back)
        second = running.pid
        assert second not in {0, first}
        await running.close()
        assert not alive(second)

        running, again = await real.start(directory, 'https://elsewhere.example', 'north')
        assert again == known
        by = await login(way, again)
        assert await catalogue(by) == expected('https://elsewhere.example', 'north')
        assert [user['name'] for user in (await by.get('/users'))['users'] if user['name'] == 'demo'] == []
        await running.close()
        await way.close()

    asyncio.run(main())


def test_killed_at_any_moment_of_the_first_start_the_next_completes_it(directory: pathlib.Path) -> None:
    places = files.Places(directory)

    async def killed_when(reached: Callable[[], bool]) -> None:
        arguments = ('-m', 'tests.keystone.starter', str(directory))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
        await real.until(reached)
        process.kill()
        await process.wait()

    async def refused() -> bool:
        try:
            await way.read('GET', '/v3', [], None, 30)
        except SiteDown:
            return True
        return False

    way = real.line(directory)

    async def main() -> None:
        await killed_when(places.accounts.exists)
        await killed_when((places.making / 'keystone.db').exists)
        assert not places.data.exists()
        await killed_when(places.data.exists)
        await killed_when(places.socket.exists)
        # Keystone is not left behind by a parent that was killed.
        await real.until(refused)
        assert not places.settled.exists()
        running, known = await real.start(directory)
        assert await catalogue(await login(way, known)) == expected(real.PUBLIC, 'league')
        assert places.private.stat().st_mode & 0o777 == 0o700
        for path in (places.accounts, places.data / 'keystone.db', places.data / 'fernet' / '1'):
            assert path.stat().st_mode & 0o077 == 0
        logs = ''.join(path.read_text() for path in places.logs.iterdir())
        for word in (known.admin_password, known.demo_password, known.engine_password):
            assert word.reveal() not in logs
        await running.close()
        await way.close()

    asyncio.run(main())


def test_what_cannot_start_says_where_to_look(directory: pathlib.Path) -> None:
    (directory / 'keystone' / 'conf.d' / 'wrong.conf').write_text('[cache]\nbackend = nonsense\n')

    async def main() -> None:
        with pytest.raises(SiteDown, match='logs in'):
            await real.start(directory)

    asyncio.run(main())
