"""What each kind of Neutron object is: its fields, who sees and sets them, its error names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hansa.sites.sim import wire
from hansa.sites.sim.state import Doc, State, z
from hansa.sites.sim.wire import Ask, Refused


def nothing(ask: Ask, doc: Doc, given: Doc) -> None:
    """No further rules."""


class Kind(msgspec.Struct):
    """`prepare` completes and checks a new document, `change` an update before it is stored, `remove` a delete."""

    plural: str
    one: str
    path: str
    label: str
    fresh: Doc
    admin_sees: tuple[str, ...] = ()
    admin_sets: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    """Fields that are known besides those of a fresh one."""
    revision: int = 0
    prepare: Callable[[Ask, Doc, Doc], None] = nothing
    change: Callable[[Ask, Doc, Doc], None] = nothing
    remove: Callable[[Ask, Doc, Doc], None] = nothing

    @property
    def fields(self) -> set[str]:
        return {*self.fresh, *self.more, *STANDARD}


STANDARD = ('id', 'project_id', 'tenant_id', 'tags', 'created_at', 'updated_at', 'revision_number', 'description')

PROVIDER = ('provider:network_type', 'provider:physical_network', 'provider:segmentation_id')
BINDING = ('binding:profile', 'binding:host_id', 'binding:vif_type', 'binding:vif_details')


def missing(kind: Kind, id: str) -> Refused:
    """404 in Neutron's words."""
    if kind.plural in ('security_groups', 'security_group_rules'):
        return Refused(404, f'{kind.label} {id} does not exist', ''.join(w.capitalize() for w in kind.label.split()) + 'NotFound')
    label = 'FloatingIP' if kind.plural == 'floatingips' else kind.label.title().replace(' ', '')
    return Refused(404, f'{kind.label} {id} could not be found.', f'{label}NotFound')


def may_see(ask: Ask, kind: Kind, doc: Doc) -> bool:
    """Own, shared, external, or on an own network."""
    if ask.sees(doc) or doc.get('shared') or doc.get('router:external'):
        return True
    if lent(ask, doc['id']):
        return True
    network = ask.state.networks.get(doc.get('network_id', ''))
    if network is None or kind.plural not in ('subnets', 'ports'):
        return False
    open_to_all = bool(network['shared'] or network['router:external'])
    return ask.sees(network) or (kind.plural == 'subnets' and (open_to_all or lent(ask, network['id'])))


def lent(ask: Ask, id: str) -> bool:
    """Whether an RBAC policy shares an object with the caller's project or with all."""
    targets = {one['target_tenant'] for one in ask.state.rbac_policies.values() if one['object_id'] == id}
    return not targets.isdisjoint(('*', ask.who.project))


def find(ask: Ask, kind: Kind, id: str) -> Doc:
    """An object that the caller may see. Raises Refused 404."""
    doc = ask.state.table(kind.plural).get(id)
    if doc is None or not may_see(ask, kind, doc):
        raise missing(kind, id)
    return doc


def own(ask: Ask, kind: Kind, id: str, verb: str) -> Doc:
    """One that the caller may change. Raises Refused 403 or 404."""
    doc = find(ask, kind, id)
    if not ask.sees(doc):
        if kind.plural == 'ports':
            raise missing(kind, id)
        raise Refused(403, f'rule:{verb}_{kind.one} is disallowed by policy', 'PolicyNotAuthorized')
    return doc


def fresh(state: State, kind: Kind, project: str, given: Doc) -> Doc:
    """A new document with the standard fields, not yet stored."""
    stamp = z(state.now())
    doc = {'id': state.new_id(), 'name': '', **{key: _copy(value) for key, value in kind.fresh.items()}}
    if kind.plural in ('floatingips', 'security_group_rules'):
        del doc['name']
    doc |= {key: value for key, value in given.items() if key not in ('tenant_id', 'project_id')}
    return doc | {
        'project_id': project,
        'tenant_id': project,
        'tags': [],
        'created_at': stamp,
        'updated_at': stamp,
        'revision_number': kind.revision,
    }


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, (list, dict)) else value


def touch(state: State, doc: Doc) -> None:
    """It was changed now."""
    doc['revision_number'] += 1
    doc['updated_at'] = z(state.now())


def view(ask: Ask, kind: Kind, doc: Doc) -> Doc:
    """The document as this caller sees it."""
    hidden = () if ask.who.admin else kind.admin_sees
    shown = {key: value for key, value in wire.shown(doc).items() if key not in hidden}
    if kind.plural == 'security_groups':
        rules = [one for one in ask.state.security_group_rules.values() if one['security_group_id'] == doc['id']]
        shown['security_group_rules'] = [dict(rule) for rule in rules]
    if kind.plural == 'security_group_rules':
        del shown['tags']
    if kind.plural == 'networks':
        shown['subnets'] = [one['id'] for one in ask.state.subnets.values() if one['network_id'] == doc['id']]
    if 'shared' in shown and lent(ask, doc['id']):
        shown['shared'] = True
    if kind.plural == 'floatingips':
        port = ask.state.ports.get(doc['port_id'] or '')
        keys = ('name', 'network_id', 'mac_address', 'admin_state_up', 'status', 'device_id', 'device_owner')
        shown['port_details'] = port and {key: port[key] for key in keys}
    return shown


def check_fields(ask: Ask, kind: Kind, given: Doc, verb: str) -> None:
    """Raises Refused 400 for unknown fields, 403 for those of admins."""
    if unknown := [key for key in given if key not in kind.fields | {'tenant_id'}]:
        raise Refused(400, f"Unrecognized attribute(s) '{', '.join(unknown)}'", 'HTTPBadRequest')
    for key in given:
        if key in kind.admin_sets and given[key] not in (False, None, '') and not ask.who.admin:
            rule = f'{verb}_{kind.one}'
            raise Refused(403, f'(rule:{rule} and rule:{rule}:{key}) is disallowed by policy', 'PolicyNotAuthorized')
    if given.get('availability_zone_hints'):
        zone = given['availability_zone_hints'][0]
        raise Refused(404, f'AvailabilityZone {zone} could not be found.', 'AvailabilityZoneNotFound')
