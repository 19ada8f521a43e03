"""Nova's lists of servers: filters, order, pages."""

from __future__ import annotations

import re

from hansa.sites.sim import attachments, servers, wire
from hansa.sites.sim.state import Doc, State, moment
from hansa.sites.sim.wire import Answer, Ask, Refused

FILTERS = set(
    'access_ip_v4 access_ip_v6 all_tenants auto_disk_config availability_zone changes-since changes-before config_drive created_at '
    'deleted description display_description display_name flavor host hostname image image_ref ip ip6 kernel_id key_name '
    'launch_index launched_at limit locked locked_by marker metadata name node not-tags not-tags-any power_state progress '
    'project_id ramdisk_id reservation_id root_device_name soft_deleted sort_dir sort_key status system_metadata tags tags-any '
    'task_state tenant_id terminated_at user_id uuid vm_state'.split()
)
SORT_KEYS = {
    'display_name': 'name',
    'created_at': '_created',
    'updated_at': '_updated',
    'launched_at': '_launched',
    'terminated_at': '_terminated',
    'uuid': 'id',
    'vm_state': '_vm',
    'task_state': '_task',
    'power_state': '_power',
    'image_ref': '_image',
    'host': '_host',
    'key_name': 'key_name',
    'project_id': 'project_id',
    'user_id': 'user_id',
    'hostname': '_hostname',
    'display_description': 'description',
    'availability_zone': '_host',
    'launch_index': '_index',
    'locked': '_locked',
}


def index(ask: Ask) -> Answer:
    """GET /servers."""
    shown, more = _page(ask)
    listed = [{'id': doc['id'], 'name': doc['name'], 'links': servers.links(ask, 'servers', doc['id'])} for doc in shown]
    return _answer(ask, listed, more, 'servers')


def detail(ask: Ask) -> Answer:
    """GET /servers/detail."""
    shown, more = _page(ask)
    return _answer(ask, [servers.view(ask, doc, single=False) for doc in shown], more, 'servers/detail')


def _answer(ask: Ask, listed: list[Doc], more: bool, path: str) -> Answer:
    body: Doc = {'servers': listed}
    if more:
        href = f'{ask.base}/compute/v2.1/{path}?{wire.next_query(ask, listed[-1])}'
        body['servers_links'] = [{'rel': 'next', 'href': href}]
    return Answer(200, body)


def _page(ask: Ask) -> tuple[list[Doc], bool]:
    items = _chosen(ask)
    keys, ways = ask.args('sort_key'), ask.args('sort_dir')
    for key in keys:
        if key not in SORT_KEYS:
            why = f"Invalid input for query parameters sort_key. Value: {key}. '{key}' is not one of {list(SORT_KEYS)}"
            raise Refused(400, why)
    way = ways[0] if ways else 'desc'
    order = [(SORT_KEYS[key], way) for key, way in zip(keys, ways + [way] * len(keys), strict=False)]
    items = wire.ordered(items, [*(order or [('_created', way)]), ('_number', order[-1][1] if order else way)])
    return wire.page(items, ask, lambda marker: Refused(400, f'marker [{marker}] not found'))


def _chosen(ask: Ask) -> list[Doc]:
    for key, value in ask.query:
        if key not in FILTERS and not key.startswith('_') and ask.minor >= 75:
            raise Refused(400, f"'{key}' does not match any of the regexes: '^_'")
        if key == 'status' and value.upper() not in {*servers.STATUS.values(), *servers.TASKS.values()}:
            if ask.minor >= 38:
                raise Refused(400, 'Invalid status value')
            return []
    every = ask.flag('all_tenants')
    if every:
        ask.need_admin('os_compute_api:servers:index:get_all_tenants')
    items = [doc for doc in ask.state.servers.values() if every or doc['project_id'] == ask.who.project]
    deleted = ask.flag('deleted') and ask.who.admin
    if not ask.arg('changes-since'):
        items = [doc for doc in items if (doc['_vm'] == 'deleted') == deleted]
    statuses = {value.upper() for value in ask.args('status')}
    if statuses:
        items = [doc for doc in items if servers.status(doc) in statuses]
    for key, value in ask.query:
        items = [doc for doc in items if _fits(ask.state, doc, key, value, ask.who.admin)]
    return items


def _fits(state: State, doc: Doc, key: str, value: str, admin: bool) -> bool:
    if key in ('name', 'display_name', 'ip', 'ip6'):
        return _like(state, doc, key, value)
    if key in ('changes-since', 'changes-before'):
        try:
            limit = moment(value)
        except ValueError:
            raise Refused(400, f'Invalid input for query parameters {key}. Value: {value}.') from None
        return bool(doc['_updated'] >= limit) if key == 'changes-since' else bool(doc['_updated'] <= limit)
    if key in ('tags', 'tags-any', 'not-tags', 'not-tags-any'):
        asked, held = set(value.split(',')), set(doc['tags'])
        return (bool(asked & held) if key.endswith('any') else asked <= held) != key.startswith('not-')
    if key == 'metadata':
        pairs = re.findall(r"""["']([^"']+)["']\s*:\s*["']([^"']*)["']""", value)
        return all(doc['metadata'].get(word) == wanted for word, wanted in pairs)
    if key == 'locked':
        return bool(wire.strict_bool(value) == doc['_locked'])
    if key in ('host', 'node') and not admin:
        return True
    plain = {
        'flavor': doc['_flavor']['id'],
        'image': doc['_image'],
        'host': doc['_host'],
        'node': doc['_host'],
        'availability_zone': 'nova' if doc['_host'] else '',
        'key_name': doc['key_name'],
        'user_id': doc['user_id'],
        'project_id': doc['project_id'],
        'tenant_id': doc['project_id'],
        'uuid': doc['id'],
        'vm_state': doc['_vm'],
        'task_state': doc['_task'],
        'power_state': str(doc['_power']),
        'description': doc['description'],
        'reservation_id': doc['_reservation'],
        'hostname': doc['_hostname'],
    }
    return key not in plain or plain[key] == value.rpartition('/')[2]


def _like(state: State, doc: Doc, key: str, value: str) -> bool:
    try:
        pattern = re.compile(value, re.IGNORECASE)
    except re.error:
        raise Refused(400, f'Invalid input for query parameters {key}. Value: {value}. not a regex') from None
    if key in ('name', 'display_name'):
        return pattern.search(doc['name']) is not None
    addresses = [fixed['ip_address'] for port in servers.own_ports(state, doc['id']) for fixed in port['fixed_ips']]
    return any(pattern.search(address) for address in addresses)


def volumes_of(ask: Ask, id: str) -> list[Doc]:
    """A server's volume attachments as Nova shows them."""
    doc = servers.find(ask, id)
    return [attachment_view(ask, doc, one) for one in attachments.of_server(ask.state, id)]


def attachment_view(ask: Ask, doc: Doc, one: Doc) -> Doc:
    """One of them."""
    shown = {'volumeId': one['volume_id'], 'serverId': doc['id'], 'device': one['_device']}
    if ask.minor < 89:
        shown['id'] = one['volume_id']
    if ask.minor >= 70:
        shown['tag'] = None
    if ask.minor >= 79:
        shown['delete_on_termination'] = one['volume_id'] in doc['_doomed']
    if ask.minor >= 89:
        shown |= {'attachment_id': one['id'], 'bdm_uuid': one['_bdm']}
    return shown
