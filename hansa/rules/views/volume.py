"""Cinder's documents: what changed beside the fields that came and went."""

from __future__ import annotations

from typing import Any

from hansa.rules.views import tables
from hansa.rules.views.context import Context

ROOT = 'v3'


def volume(doc: dict[str, Any], version: tables.Version, admin: bool, context: Context, single: bool) -> dict[str, Any]:
    """A volume as `GET /volumes/detail` lists it."""
    shown = tables.pick(tables.VOLUME, doc, version, admin, single)
    if version < (3, 69) and 'shared_targets' in shown and shown['shared_targets'] is None:
        shown['shared_targets'] = True
    if not admin and 'attachments' in shown:
        shown['attachments'] = [{**attachment, 'host_name': None} for attachment in shown['attachments']]
    return shown | {'links': context.links(ROOT, 'volumes', doc['id'])}


def snapshot(doc: dict[str, Any], version: tables.Version, admin: bool, _: Context, single: bool) -> dict[str, Any]:
    """A snapshot as `GET /snapshots/detail` lists it; Cinder gives it no links."""
    return tables.pick(tables.SNAPSHOT_BRIEF | tables.SNAPSHOT_DETAIL, doc, version, admin, single)


def volume_type(doc: dict[str, Any], version: tables.Version, admin: bool, _: Context, single: bool) -> dict[str, Any]:
    """A volume type; plain users see the extra specs that are meant for them."""
    shown = tables.pick(tables.VOLUME_TYPE, doc, version, admin, single)
    if not admin and 'extra_specs' in shown:
        specs = shown['extra_specs'] or {}
        shown['extra_specs'] = {key: specs[key] for key in tables.USER_EXTRA_SPECS if key in specs}
    return shown


def brief_volume(doc: dict[str, Any], _: tables.Version, context: Context) -> dict[str, Any]:
    """A volume as `GET /volumes` lists it."""
    return {'id': doc['id'], 'name': doc['name'], 'links': context.links(ROOT, 'volumes', doc['id'])}


def brief_snapshot(doc: dict[str, Any], version: tables.Version, _: Context) -> dict[str, Any]:
    """A snapshot as `GET /snapshots` lists it."""
    return tables.pick(tables.SNAPSHOT_BRIEF, doc, version, admin=False, single=False)
