"""What sites hold, as the inventory keeps it: the kinds, and one record per object and site."""

from __future__ import annotations

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """One kind of resource.

    `name` is ours ('server'), `service` the API it belongs to ('compute'), `plural` and `single` the
    keys and path words of its documents ('servers', 'server'). `shared` kinds are objects of the
    league with a replica per site. `owner` is the field that holds the project. Of a kind that is not
    `listed` no site tells all there are, so that the inventory does not follow it.
    """

    name: str
    service: str
    plural: str
    single: str
    shared: bool = False
    owner: str = 'project_id'
    path: str = ''
    listed: bool = True

    @property
    def collection(self) -> str:
        """Path of the collection below the service's versioned root, e.g. '/security-groups'."""
        return '/' + (self.path or self.plural)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind('server', 'compute', 'servers', 'server', owner='tenant_id'),
        Kind('flavor', 'compute', 'flavors', 'flavor', shared=True, owner=''),
        Kind('keypair', 'compute', 'keypairs', 'keypair', shared=True, owner='', path='os-keypairs', listed=False),
        Kind('server_group', 'compute', 'server_groups', 'server_group', path='os-server-groups'),
        Kind('volume', 'volume', 'volumes', 'volume', owner='os-vol-tenant-attr:tenant_id'),
        Kind('snapshot', 'volume', 'snapshots', 'snapshot', owner='os-extended-snapshot-attributes:project_id'),
        Kind('volume_type', 'volume', 'volume_types', 'volume_type', shared=True, owner='', path='types'),
        Kind('network', 'network', 'networks', 'network'),
        Kind('subnet', 'network', 'subnets', 'subnet'),
        Kind('port', 'network', 'ports', 'port'),
        Kind('router', 'network', 'routers', 'router'),
        Kind('floating_ip', 'network', 'floatingips', 'floatingip'),
        Kind('security_group', 'network', 'security_groups', 'security_group', shared=True, path='security-groups'),
        Kind('image', 'image', 'images', 'image', shared=True, owner='owner'),
    )
}


class Record(msgspec.Struct, frozen=True):
    """One object as one site last told it, with the league's ids in it.

    `doc` is the object's JSON document at the site's highest microversion, without links. `id` is the
    league's id and `site_id` the site's own (equal unless an alias stands). `project` is the league
    project that owns it, '' where no league project does (unclaimed, or public goods of the site).
    `public` objects are visible to every project. Of a shared object with replicas at several sites
    exactly one record is `primary`; lists show only that one. `created` and `updated` are the site's
    own ISO 8601 stamps; `seen` is when the question was asked that this answers (seconds since the epoch, league's clock).
    """

    site: str
    kind: str
    id: str
    site_id: str
    project: str
    name: str
    doc: bytes
    status: str = ''
    created: str = ''
    updated: str = ''
    public: bool = False
    primary: bool = True
    seen: float = 0.0
