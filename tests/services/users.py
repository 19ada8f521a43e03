"""What users of a league do in many tests."""

from __future__ import annotations

from typing import Any

from tests.house import League


async def boot(league: League, name: str, zone: str = '', token: str = 'demo', image: str = 'cirros', **more: Any) -> Any:
    """Ask for a server without networks; the whole answer."""
    images = (await league.ok('GET', f'/image/v2/images?name={image}', token=token))['images']
    flavors = (await league.ok('GET', '/compute/v2.1/flavors', token=token))['flavors']
    tiny = next(flavor['id'] for flavor in flavors if flavor['name'] == 'm1.tiny')
    body = {'name': name, 'flavorRef': tiny, 'imageRef': images[0]['id'], 'networks': 'none', **more}
    if zone:
        body['availability_zone'] = zone
    return await league.ask('POST', '/compute/v2.1/servers', {'server': body}, token=token, version='2.79')


async def group(league: League, name: str, token: str = 'demo') -> str:
    made = await league.ok('POST', '/network/v2.0/security-groups', {'security_group': {'name': name}}, token=token)
    return str(made['security_group']['id'])


async def rule(league: League, group: str, port: int, token: str = 'demo', **more: Any) -> Any:
    body = {'security_group_id': group, 'direction': 'ingress', 'protocol': 'tcp', 'port_range_min': port, 'port_range_max': port, **more}
    return await league.ok('POST', '/network/v2.0/security-group-rules', {'security_group_rule': body}, token=token)


async def image(league: League, name: str, content: bytes = b'bits' * 50_000) -> str:
    made = await league.ok('POST', '/image/v2/images', {'name': name, 'disk_format': 'raw', 'container_format': 'bare'})
    await league.ok('PUT', f'/image/v2/images/{made["id"]}/file', content)
    return str(made['id'])


def at(league: League, site: str, table: str, name: str) -> list[dict[str, Any]]:
    """Objects of a name that a site holds."""
    docs = league.clouds[site].state.table(table).values()
    return [doc for doc in docs if doc.get('name') == name and doc.get('_vm') != 'deleted']


def ports(league: League, site: str, name: str) -> list[int]:
    """Ports that the ingress rules of a site's group of a name let through."""
    [found] = at(league, site, 'security_groups', name)
    rules = league.clouds[site].state.security_group_rules.values()
    return sorted(
        each['port_range_min'] for each in rules if each['security_group_id'] == found['id'] and each.get('port_range_min')
    )
