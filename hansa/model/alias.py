"""Where the league's id of a thing differs from a site's."""

from __future__ import annotations

from typing import Literal

import msgspec

AliasKind = Literal[
    'project', 'user', 'flavor', 'image', 'security_group', 'security_group_rule', 'volume_type', 'keypair', 'owner', 'qos_specs',
    'group_type', 'default_rule',
]


class Alias(msgspec.Struct, frozen=True):
    """`league` at the league is `local` at the site.

    `project` is the league project whose replica this is; '' where the replica serves all projects.
    """

    site: str
    kind: AliasKind
    league: str
    local: str
    project: str = ''
