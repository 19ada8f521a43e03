"""The league's Keystone as the settings want it: one of our own beside us, or the operator's; and the clouds.yaml that leads to it."""

from __future__ import annotations

import functools
import pathlib

import msgspec

from hansa.entry import clouds
from hansa.entry.config import Config
from hansa.keystone import catalog, files
from hansa.keystone.admin import Administrator
from hansa.keystone.engine import connect_engine, start_engine
from hansa.keystone.shared import SharedEngine
from hansa.model.errors import ConfigError, SiteDown
from hansa.model.secret import Secret
from hansa.northbound.identity.door import IdentityDoor
from hansa.northbound.identity.foreign import Foreign
from hansa.ports.bus import Bus
from hansa.ports.clock import SystemClock
from hansa.ports.identity import Identity
from hansa.sites.http.transport import HttpTransport


class Foreigner(msgspec.Struct, frozen=True):
    """The operator's own Keystone, and who we are there."""

    url: str
    administrator: Administrator


async def foreigner(config: Config, clock: SystemClock) -> Foreigner | None:
    """Who the settings name, after a login there; None where the Keystone is to be ours. Raises ConfigError."""
    if not config.identity_url:
        return None
    auth = clouds.settings(config.clouds, config.identity_cloud).get('auth')
    words = {str(key): str(value) for key, value in auth.items()} if isinstance(auth, dict) else {}
    if not (words.get('username') and words.get('password')):
        raise ConfigError(f'identity.cloud: entry {config.identity_cloud!r} must hold username and password of an administrator.')
    who = Administrator(
        words['username'],
        Secret(words['password']),
        words.get('project_name', 'admin'),
        words.get('user_domain_name', 'Default'),
        words.get('project_domain_name', 'Default'),
    )
    await _try(config, clock, who)
    return Foreigner(config.identity_url, who)


async def _try(config: Config, clock: SystemClock, who: Administrator) -> None:
    engine = connect_engine(config.identity_url, clock, HttpTransport(), who)
    try:
        await engine.project_ids([who.project])
    except SiteDown as error:
        raise ConfigError(
            f'The Keystone at {config.identity_url} {error.why}. Correct identity.url, or the entry that identity.cloud names.'
        ) from error
    finally:
        await engine.close()


async def begin(
    config: Config, foreign: Foreigner | None, directory: pathlib.Path, clock: SystemClock, bus: Bus | None = None
) -> tuple[Identity, IdentityDoor]:
    """Start it or connect to it, and write the clouds.yaml of the state directory. With a `bus` it is one that several processes share.

    Raises SiteDown('identity'), ConfigError.
    """
    url = f'{config.url}/identity/v3'
    if foreign is not None:
        theirs = connect_engine(foreign.url, clock, HttpTransport(), foreign.administrator)
        shared = theirs if bus is None else SharedEngine(theirs, bus)
        clouds.write_clouds_yaml(str(directory), clouds.without_passwords(url, foreign.administrator.user, foreign.administrator.project, config.region))
        shown = functools.partial(catalog.document, config.url, config.region)
        return shared, IdentityDoor(shared, Foreign([foreign.url.rstrip('/').removesuffix('/v3')], f'{config.url}/identity', shown))
    transport = HttpTransport(unix_socket=str(files.socket_path(directory)))
    engine, accounts = await start_engine(directory, config.url, config.region, clock, transport, config.token_hours * 3600)
    try:
        clouds.write_clouds_yaml(str(directory), clouds.entries(url, accounts.admin_password, accounts.demo_password, config.region))
    except BaseException:
        await engine.close()
        raise
    return engine, IdentityDoor(engine)
