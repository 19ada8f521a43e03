"""Nova: versions and the table of paths."""

from __future__ import annotations

from hansa.sites.sim import (
    computehosts,
    computeinfo,
    computeproxies,
    flavors,
    keypairs,
    serveractions,
    servercreate,
    serverlist,
    serverparts,
    servers,
    versioned,
    wire,
)
from hansa.sites.sim.wire import Answer, Ask


def answer(ask: Ask) -> Answer:
    """Everything below /compute."""
    if ask.path in ('', '/'):
        return Answer(200, {'versions': [computeinfo.version(ask, ask.state.highest['compute'])]})
    if ask.path in ('/v2.1', '/v2.1/'):
        media = {'base': 'application/json', 'type': 'application/vnd.openstack.compute+json;version=2.1'}
        return Answer(200, {'version': computeinfo.version(ask, ask.state.highest['compute']) | {'media-types': [media]}})
    ask.path = ask.path.removeprefix('/v2.1')
    return versioned.answer(ask, ROUTES, 'compute', 2, 1, ask.state.highest['compute'])


ROUTES = wire.table(
    [
        ('GET', '/servers', serverlist.index),
        ('GET', '/servers/detail', serverlist.detail),
        ('POST', '/servers', servercreate.create),
        ('GET', '/servers/{}', servers.show),
        ('PUT', '/servers/{}', servers.update),
        ('DELETE', '/servers/{}', servers.delete),
        ('POST', '/servers/{}/action', serveractions.act),
        ('GET PUT POST', '/servers/{}/metadata', serverparts.metadata),
        ('GET PUT DELETE', '/servers/{}/metadata/{}', serverparts.metadatum),
        ('GET PUT DELETE', '/servers/{}/tags', serverparts.tags),
        ('GET PUT DELETE', '/servers/{}/tags/{}', serverparts.tag),
        ('GET', '/servers/{}/ips', serverparts.ips),
        ('GET', '/servers/{}/ips/{}', serverparts.ips_of),
        ('GET', '/servers/{}/os-interface', serverparts.interfaces),
        ('POST', '/servers/{}/os-interface', serverparts.attach_interface),
        ('GET', '/servers/{}/os-interface/{}', serverparts.interface),
        ('DELETE', '/servers/{}/os-interface/{}', serverparts.detach_interface),
        ('GET', '/servers/{}/os-volume_attachments', serverparts.volumes_index),
        ('POST', '/servers/{}/os-volume_attachments', serverparts.volume_attach),
        ('GET', '/servers/{}/os-volume_attachments/{}', serverparts.volume_show),
        ('DELETE', '/servers/{}/os-volume_attachments/{}', serverparts.volume_detach),
        ('GET', '/servers/{}/os-instance-actions', serverparts.history),
        ('GET', '/servers/{}/os-instance-actions/{}', serverparts.history_one),
        ('GET', '/servers/{}/os-security-groups', serverparts.security_groups),
        ('POST', '/servers/{}/remote-consoles', serverparts.remote_console),
        ('GET', '/servers/{}/diagnostics', serverparts.diagnostics),
        ('GET', '/flavors', flavors.index),
        ('GET', '/flavors/detail', flavors.detail),
        ('POST', '/flavors', flavors.create),
        ('GET', '/flavors/{}', flavors.show),
        ('PUT', '/flavors/{}', flavors.update),
        ('DELETE', '/flavors/{}', flavors.delete),
        ('GET POST', '/flavors/{}/os-extra_specs', flavors.specs),
        ('GET PUT DELETE', '/flavors/{}/os-extra_specs/{}', flavors.spec),
        ('GET', '/flavors/{}/os-flavor-access', flavors.access),
        ('POST', '/flavors/{}/action', flavors.act),
        ('GET', '/os-keypairs', keypairs.index),
        ('POST', '/os-keypairs', keypairs.create),
        ('GET', '/os-keypairs/{}', keypairs.show),
        ('DELETE', '/os-keypairs/{}', keypairs.delete),
        ('GET', '/os-server-groups', keypairs.groups),
        ('POST', '/os-server-groups', keypairs.group_create),
        ('GET', '/os-server-groups/{}', keypairs.group_show),
        ('DELETE', '/os-server-groups/{}', keypairs.group_delete),
        *computeinfo.ROWS,
        *computehosts.ROWS,
        *computeproxies.ROWS,
    ]
)
