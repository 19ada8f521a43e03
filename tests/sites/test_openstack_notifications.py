"""Notifications of a site's services become hints, whatever a broker carries, and however often they come."""

from __future__ import annotations

import asyncio
import json

import kombu
import pytest

from hansa.model.secret import Secret
from hansa.sites.openstack import notifications

PATIENCE = 20


def enveloped(event: str) -> str:
    inner = {'event_type': event, 'payload': {}, 'priority': 'INFO', 'publisher_id': 'compute.host', 'message_id': 'm'}
    return json.dumps({'oslo.version': '2.0', 'oslo.message': json.dumps(inner)})


@pytest.mark.parametrize(
    ('event', 'kind'),
    [
        ('compute.instance.create.end', 'server'),
        ('compute.instance.create.start', ''),
        ('instance.delete.end', 'server'),
        ('volume.attach.end', 'volume'),
        ('snapshot.create.end', 'snapshot'),
        ('floatingip.update.end', 'floating_ip'),
        ('security_group_rule.create.end', 'security_group'),
        ('image.update', 'image'),
        ('scheduler.select_destinations.end', ''),
        ('', ''),
    ],
)
def test_an_event_is_about_a_kind(event: str, kind: str) -> None:
    assert notifications.kind(enveloped(event)) == kind
    assert notifications.kind(json.dumps({'event_type': event})) == kind


@pytest.mark.parametrize('body', ['', '{', '[]', '{"oslo.message": 5}', '{"oslo.message": "{"}', b'\xff\xfe', '{"event_type": null}'])
def test_what_is_no_notification_hints_at_nothing(body: bytes | str) -> None:
    assert notifications.kind(body) == ''


def test_hints_come_as_they_are_notified_and_each_once() -> None:
    async def main() -> None:
        with kombu.Connection('memory://') as connection:
            channel = connection.channel()
            for name in notifications.EXCHANGES:
                kombu.Exchange(name, 'topic', channel=channel, durable=False).declare()
            hints = notifications.heard('east', notifications.Broker(Secret('memory://'), ''))
            first = asyncio.ensure_future(anext(hints))
            producer, seen = kombu.Producer(channel), set[str]()
            # What is said before it listens is lost, as at a real broker.
            while not first.done():
                producer.publish(enveloped('port.create.end'), routing_key='notifications.info', exchange='neutron', content_type='application/json')
                await asyncio.wait((first,), timeout=0.1)
            assert await first == 'port'
            for event in ('instance.update', 'instance.delete.end', 'no.such.thing', 'instance.create.end'):
                producer.publish(enveloped(event), routing_key='versioned_notifications.info', exchange='nova', content_type='application/json')
            async with asyncio.timeout(PATIENCE):
                while 'server' not in seen:
                    seen.add(await anext(hints))
            assert seen <= {'port', 'server'}
            await hints.aclose()

    asyncio.run(main())


def test_nothing_secret_is_shown() -> None:
    broker = notifications.Broker(Secret('amqps://hansa:canary@mq:5671/nova'), 'mq')
    assert 'canary' not in repr(broker)
    assert broker.tls() == {'server_hostname': 'mq'}
