"""The three questions that may be asked of the views: the whole document, the brief one, and that of a site which is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hansa.rules.views import compute, image, network, tables, volume
from hansa.rules.views.context import Context

Show = Callable[[dict[str, Any], tables.Version, bool, Context, bool], dict[str, Any]]
Brief = Callable[[dict[str, Any], tables.Version, Context], dict[str, Any]]

VERSIONED: dict[str, Show] = {
    'server': compute.server,
    'flavor': compute.flavor,
    'keypair': compute.keypair,
    'server_group': compute.server_group,
    'volume': volume.volume,
    'snapshot': volume.snapshot,
    'volume_type': volume.volume_type,
}

BRIEF: dict[str, Brief] = {
    'server': compute.brief_server,
    'flavor': compute.brief_flavor,
    'volume': volume.brief_volume,
    'snapshot': volume.brief_snapshot,
}

DOWN_CELLS = (2, 69)
"""From here on Nova itself lists servers that it cannot reach, with status UNKNOWN."""


def show(
    kind: str, doc: dict[str, Any], version: tables.Version, admin: bool, context: Context, single: bool = False
) -> dict[str, Any]:
    """An element of the detailed list, or with `single` what stands under the kind's key in `GET /kind/ID`.

    `doc` is the stored document, which is not changed: newest microversion, league's ids, no links. `version` counts for
    compute and volume only. What the document lacks is absent. Key pairs in lists come wrapped: `{'keypair': {…}}`.
    """
    if kind in VERSIONED:
        return VERSIONED[kind](doc, version, admin, context, single)
    return image.image(doc) if kind == 'image' else network.document(kind, doc, admin)


def brief(kind: str, doc: dict[str, Any], version: tables.Version, context: Context) -> dict[str, Any]:
    """An element of the list without details of a server, flavor, volume or snapshot."""
    return BRIEF[kind](doc, version, context)


def unreachable(
    kind: str,
    doc: dict[str, Any],
    version: tables.Version,
    admin: bool,
    context: Context,
    single: bool = False,
    detail: bool = True,
) -> dict[str, Any]:
    """The last known document of an object whose site does not answer; a server's status is UNKNOWN.

    With `detail` False it is the brief form. Nova's own partial document of 2.69 is a part of what is shown here: see README.
    """
    if kind == 'server':
        doc = doc | {'status': 'UNKNOWN'} | ({'host_status': 'UNKNOWN'} if 'host_status' in doc else {})
    if detail or kind not in BRIEF:
        return show(kind, doc, version, admin, context, single)
    shown = brief(kind, doc, version, context)
    return shown | {'status': 'UNKNOWN'} if kind == 'server' and version >= DOWN_CELLS else shown
