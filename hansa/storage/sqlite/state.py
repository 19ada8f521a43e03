"""Sites, decisions and small state in and out; what is secret goes through the seal."""

from __future__ import annotations

import sqlite3

import msgspec

from hansa.model.decision import Decision
from hansa.model.site import SiteSpec
from hansa.storage.seal import Seal


def put_site(db: sqlite3.Connection, seal: Seal, spec: SiteSpec) -> None:
    """Insert or replace; the settings are sealed."""
    settings = seal.close(msgspec.json.encode(spec.settings), f'site/{spec.name}')
    db.execute(
        'INSERT OR REPLACE INTO site (name, kind, landlord, projects, settings) VALUES (?, ?, ?, ?, ?)',
        (spec.name, spec.kind, spec.landlord, msgspec.json.encode(spec.projects), settings),
    )


def sites(db: sqlite3.Connection, seal: Seal) -> list[SiteSpec]:
    """All, by name. Raises ConfigError where the seal does not open."""
    rows = db.execute('SELECT name, kind, landlord, projects, settings FROM site ORDER BY name').fetchall()
    return [
        SiteSpec(
            name=name,
            kind=kind,
            settings=msgspec.json.decode(seal.open(settings, f'site/{name}'), type=dict[str, object]),
            landlord=landlord,
            projects=msgspec.json.decode(projects, type=tuple[str, ...]),
        )
        for name, kind, landlord, projects, settings in rows
    ]


def drop_site(db: sqlite3.Connection, name: str) -> None:
    """Delete the spec."""
    db.execute('DELETE FROM site WHERE name = ?', (name,))


def put_decision(db: sqlite3.Connection, kind: str, id: str, decision: Decision) -> None:
    """Insert or replace."""
    sql = 'INSERT OR REPLACE INTO decision (kind, id, decision) VALUES (?, ?, ?)'
    db.execute(sql, (kind, id, msgspec.json.encode(decision)))


def decision(db: sqlite3.Connection, kind: str, id: str) -> Decision | None:
    """The one of an object."""
    row = db.execute('SELECT decision FROM decision WHERE kind = ? AND id = ?', (kind, id)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=Decision)


def set(db: sqlite3.Connection, seal: Seal, key: str, value: bytes, sealed: bool) -> None:
    """Insert or replace; sealed if so asked."""
    kept = seal.close(value, f'state/{key}') if sealed else value
    db.execute('INSERT OR REPLACE INTO state (key, value, sealed) VALUES (?, ?, ?)', (key, kept, int(sealed)))


def value(db: sqlite3.Connection, seal: Seal, key: str) -> bytes | None:
    """The value of a key, opened."""
    return _values(db, seal, key, key).get(key)


def values(db: sqlite3.Connection, seal: Seal, prefix: str) -> dict[str, bytes]:
    """Those whose key starts so, by key, opened."""
    return {key: word for key, word in _values(db, seal, prefix, prefix + '\U0010ffff').items() if key.startswith(prefix)}


def unset(db: sqlite3.Connection, key: str) -> None:
    """Delete one."""
    db.execute('DELETE FROM state WHERE key = ?', (key,))


def _values(db: sqlite3.Connection, seal: Seal, first: str, last: str) -> dict[str, bytes]:
    rows = db.execute('SELECT key, value, sealed FROM state WHERE key BETWEEN ? AND ? ORDER BY key', (first, last)).fetchall()
    return {key: seal.open(word, f'state/{key}') if sealed else word for key, word, sealed in rows}
