"""Running an agent near its site: its credential, its site, the way to the league; until it is told to stop or the league lets it go."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from hansa.entry import clouds, logs, output
from hansa.entry.config import Config
from hansa.model.errors import ConfigError, SiteDown
from hansa.model.secret import Secret
from hansa.model.site import SiteSpec
from hansa.ports.clock import Clock, SystemClock
from hansa.ports.roster import Member
from hansa.rules.diff import Pace
from hansa.sites.http.transport import HttpTransport
from hansa.sites.openstack.connector import OpenStackSite
from hansa.sync.far import FarUplink
from hansa.sync.outpost import Outpost

_URL = re.compile(r'https?://[^\s/?#@]+(/[^\s?#@]*)?')
_CREDENTIAL = re.compile(r'[0-9a-f]{8}\.[A-Za-z0-9_-]{43}')
_HERE = frozenset(('localhost', '127.0.0.1', '::1'))
_CONNECTIONS = 4


class Order(msgspec.Struct, frozen=True):
    """What to follow and for whom: `credential` and `ca` are paths ('' for the certificates of the machine), `cloud` is ENTRY or ENTRY:REGION."""

    league: str
    site: str
    credential: str
    cloud: str
    ca: str = ''


def follow(config: Config, order: Order) -> int:
    """Run until SIGTERM or SIGINT: 0. Raises Dismissed where the league lets it go, ConfigError for what the operator has to change."""
    clouds.check_name(order.site)
    if not _URL.fullmatch(order.league):
        raise ConfigError('--league must be the URL of the league, as https://HOST or https://HOST:PORT/PATH.')
    credential, tls = _credential(order.credential), _tls(order.ca)
    if order.league.startswith('http:') and urlsplit(order.league).hostname not in _HERE:
        output.say(f'{order.league} is not encrypted: who listens on the way can read the credential. Use https://.')
    clock = SystemClock()
    spec = SiteSpec(order.site, 'openstack', clouds.settings(config.clouds, order.cloud))
    site = OpenStackSite(spec.name, spec.settings, clock, patience=config.patience)
    wire = HttpTransport(_CONNECTIONS, ssl_context=tls)
    uplink = FarUplink(wire, order.league.rstrip('/'), credential, clock)
    logs.begin(config)
    pace = Pace(config.poll_fast_s, config.poll_steady_s, config.poll_idle_s)
    return asyncio.run(_run(Outpost(Member(site, spec), uplink, clock, pace), site, wire, clock))


async def _run(outpost: Outpost, site: OpenStackSite, wire: HttpTransport, clock: Clock) -> int:
    task = asyncio.create_task(_begin(outpost, site))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        await site.close()
        await wire.close()
    return 0


async def _begin(outpost: Outpost, site: OpenStackSite) -> None:
    """A site that refuses the credential is told at once; one that is away may come back."""
    with contextlib.suppress(SiteDown):
        await site.describe()
    await outpost.run()


def _credential(path: str) -> Secret:
    try:
        word = Path(path).read_text('ascii').strip()
        shared = bool(Path(path).stat().st_mode & 0o077)
    except OSError as error:
        raise ConfigError(f'The credential {path} cannot be read: {error.strerror}.') from error
    except UnicodeDecodeError:
        word, shared = '', False
    if not _CREDENTIAL.fullmatch(word):
        raise ConfigError(f'{path} holds no credential of an agent; make one at the league with: hansa site agent add SITE --output FILE.')
    if shared:
        output.say(f'{path} can be read by others; chmod 600 it.')
    return Secret(word)


def _tls(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        raise ConfigError(f'--ca {ca} cannot be used: {error.strerror or "it holds no certificate"}.') from error
