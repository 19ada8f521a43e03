"""What a cloud's services notify of themselves over RabbitMQ, where the operator grants it: hints of what kind of thing has changed.

Source: oslo.messaging's notification format, version 2 (a JSON envelope around JSON), and its topics.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import threading
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import Any

import amqp
import kombu
import msgspec

from hansa.model.secret import Secret

_LOG = logging.getLogger('hansa.sites')

# A Cinder that was told no other uses the library's own.
EXCHANGES = ('nova', 'neutron', 'glance', 'cinder', 'openstack')
_KEYS = ('notifications.*', 'versioned_notifications.*')
# What a broker keeps for us if we are slow: a hint more or less does not matter.
_MOST = 1000
_TICK_S = 1.0
_BIND_S = 60.0
_RETRY_S = 30.0
_CONNECT_S = 10.0
_HEARTBEAT_S = 30

# By the first words of an event's type; the unversioned ones of Nova have a word more in front.
_KINDS = {
    'instance': 'server',
    'flavor': 'flavor',
    'volume': 'volume',
    'snapshot': 'snapshot',
    'volume_type': 'volume_type',
    'network': 'network',
    'subnet': 'subnet',
    'port': 'port',
    'router': 'router',
    'floatingip': 'floating_ip',
    'security_group': 'security_group',
    'security_group_rule': 'security_group',
    'image': 'image',
}


class _Event(msgspec.Struct):
    """The part of a notification that we read."""

    event_type: str = ''


class _Envelope(msgspec.Struct):
    """A notification as it travels; without the envelope it is the event itself."""

    message: str = msgspec.field(name='oslo.message', default='')
    event_type: str = ''


def kind(body: bytes | str) -> str:
    """The kind of record that a notification is about; '' where it is about none, or cannot be read, or something only begins."""
    try:
        outer = msgspec.json.decode(body, type=_Envelope)
        event = msgspec.json.decode(outer.message, type=_Event).event_type if outer.message else outer.event_type
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ''
    words = event.removeprefix('compute.').split('.')
    return '' if words[-1] == 'start' else _KINDS.get(words[0], '')


class Broker(msgspec.Struct, frozen=True):
    """Where a site's notifications are to be had: a URL with user, password and virtual host, and how its certificate is checked."""

    url: Secret
    host: str
    verify: bool = True
    cacert: str = ''

    def tls(self) -> dict[str, object]:
        """As py-amqp wants it; it checks against the system's authorities where none is named."""
        if not self.verify:
            return {'cert_reqs': ssl.CERT_NONE}
        found: dict[str, object] = {'server_hostname': self.host}
        return found | ({'ca_certs': self.cacert} if self.cacert else {})


async def heard(site: str, broker: Broker) -> AsyncGenerator[str, None]:
    """Kinds of which something has changed at a site, as it happens, without an end. A broker that cannot be reached is tried again."""
    loop, news, pending, over = asyncio.get_running_loop(), asyncio.Event(), dict[str, None](), threading.Event()

    def take(found: str) -> None:
        pending[found] = None
        news.set()

    def tell(found: str) -> None:
        # The loop may have ended meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(take, found)

    _Listener(site, broker, tell, over).start()
    try:
        while True:
            await news.wait()
            news.clear()
            while pending:
                found = next(iter(pending))
                del pending[found]
                yield found
    finally:
        over.set()


class _Listener(threading.Thread):
    """Waits for messages until it is over: the library waits, and may not do so on the event loop."""

    def __init__(self, site: str, broker: Broker, tell: Callable[[str], None], over: threading.Event) -> None:
        super().__init__(name=f'notifications {site}', daemon=True)
        self._site = site
        self._broker = broker
        self._tell = tell
        self._over = over
        self._lost = False

    def run(self) -> None:
        """Connect, listen, and begin again where that ends."""
        while not self._over.is_set():
            try:
                with self._connected() as connection:
                    self._listen(connection)
            except (amqp.AMQPError, OSError) as error:
                if not self._lost:
                    _LOG.warning('Site %s: its notifications do not come (%s); it is asked at its usual pace.', self._site, type(error).__name__)
                self._lost = True
                self._over.wait(_RETRY_S)

    def _connected(self) -> Any:
        url = self._broker.url.reveal()
        tls = {'ssl': self._broker.tls()} if url.startswith('amqps:') else {}
        connection = kombu.Connection(url, connect_timeout=_CONNECT_S, heartbeat=_HEARTBEAT_S, **tls)
        connection.connect()
        return connection

    def _listen(self, connection: Any) -> None:
        """Tell what comes. The queue is ours alone, holds little, and ends with the connection."""
        with connection.channel() as channel:
            queue = kombu.Queue(f'hansa-{uuid.uuid4()}', exclusive=True, auto_delete=True, durable=False, max_length=_MOST, channel=channel)
            queue.queue_declare()
            with kombu.Consumer(channel, [queue], on_message=self._heard, no_ack=True, auto_declare=False):
                self._drain(connection, queue.name)

    def _drain(self, connection: Any, queue: str) -> None:
        missing, due = list(EXCHANGES), 0.0
        while not self._over.is_set():
            if missing and time.monotonic() >= due:
                missing = [exchange for exchange in missing if not _bound(connection, queue, exchange)]
                due = time.monotonic() + _BIND_S
            if self._lost:
                _LOG.info('Site %s: its notifications come again.', self._site)
                self._lost = False
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=_TICK_S)
            connection.heartbeat_check()

    def _heard(self, message: Any) -> None:
        if found := kind(message.body):
            self._tell(found)


def _bound(connection: Any, queue: str, exchange: str) -> bool:
    """False where the service has not made its exchange yet, or the broker's operator does not grant it; the broker then ends the channel."""
    try:
        with connection.channel() as channel:
            for key in _KEYS:
                channel.queue_bind(queue, exchange, key)
    except amqp.ChannelError:
        return False
    return True
