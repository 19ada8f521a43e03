"""Sites, decisions and small state in and out; what is secret goes through the seal."""

from __future__ import annotations

import msgspec

from hansa.model.decision import Decision
from hansa.model.site import SiteSpec
from hansa.storage.postgres import feed
from hansa.storage.postgres.transacting import Session
from hansa.storage.seal import Seal


async def put_site(db: Session, seal: Seal, spec: SiteSpec) -> None:
    """Insert or replace; the settings are sealed."""
    settings = seal.close(msgspec.json.encode(spec.settings), f'site/{spec.name}')
    await db.run(
        'INSERT INTO site (name, kind, landlord, projects, settings) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE '
        'SET kind = excluded.kind, landlord = excluded.landlord, projects = excluded.projects, settings = excluded.settings',
        spec.name, spec.kind, spec.landlord, msgspec.json.encode(spec.projects), settings,
    )  # fmt: skip
    feed.tell(db, 'site-put', spec.name)


async def sites(db: Session, seal: Seal) -> list[SiteSpec]:
    """All, by name. Raises ConfigError where the seal does not open."""
    return [
        SiteSpec(
            name=name,
            kind=kind,
            settings=msgspec.json.decode(seal.open(settings, f'site/{name}'), type=dict[str, object]),
            landlord=landlord,
            projects=msgspec.json.decode(projects, type=tuple[str, ...]),
        )
        for name, kind, landlord, projects, settings in await db.rows('SELECT name, kind, landlord, projects, settings FROM site ORDER BY name')
    ]


async def drop_site(db: Session, name: str) -> None:
    """Delete the spec."""
    await db.run('DELETE FROM site WHERE name = $1', name)


async def put_decision(db: Session, kind: str, id: str, decision: Decision) -> None:
    """Insert or replace."""
    sql = 'INSERT INTO decision (kind, id, decision) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET decision = excluded.decision'
    await db.run(sql, kind, id, msgspec.json.encode(decision))


async def decision(db: Session, kind: str, id: str) -> Decision | None:
    """The one of an object."""
    raw = await db.value('SELECT decision FROM decision WHERE kind = $1 AND id = $2', kind, id)
    return None if raw is None else msgspec.json.decode(raw, type=Decision)


async def set(db: Session, seal: Seal, key: str, value: bytes, sealed: bool) -> None:
    """Insert or replace; sealed if so asked."""
    kept = seal.close(value, f'state/{key}') if sealed else value
    sql = 'INSERT INTO state (key, value, sealed) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE '
    await db.run(f'{sql} SET value = excluded.value, sealed = excluded.sealed', key, kept, sealed)
    feed.tell(db, 'value', key)


async def value(db: Session, seal: Seal, key: str) -> bytes | None:
    """The value of a key, opened."""
    row = await db.row('SELECT value, sealed FROM state WHERE key = $1', key)
    return None if row is None else _opened(seal, key, *row)


async def values(db: Session, seal: Seal, prefix: str) -> dict[str, bytes]:
    """Those whose key starts so, by key, opened."""
    rows = await db.rows('SELECT key, value, sealed FROM state WHERE key ^@ $1 ORDER BY key', prefix)
    return {key: _opened(seal, key, word, sealed) for key, word, sealed in rows}


async def unset(db: Session, key: str) -> None:
    """Delete one."""
    await db.run('DELETE FROM state WHERE key = $1', key)
    feed.tell(db, 'value', key)


def _opened(seal: Seal, key: str, word: bytes, sealed: bool) -> bytes:
    return seal.open(word, f'state/{key}') if sealed else word
