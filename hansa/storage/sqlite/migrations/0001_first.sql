-- The first schema. What changes often and what is sorted by stands in `hot`, documents in `document`,
-- both under the same integer. Status is in no index: it changes most often of all.

CREATE TABLE hot (
    row INTEGER PRIMARY KEY,
    site TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    public INTEGER NOT NULL,
    prime INTEGER NOT NULL,
    seen REAL NOT NULL
);

CREATE UNIQUE INDEX hot_object ON hot (kind, id, site);
CREATE UNIQUE INDEX hot_prime ON hot (kind, id) WHERE prime = 1;
CREATE INDEX hot_site ON hot (site, kind, site_id);
CREATE INDEX hot_owned_created ON hot (kind, project, created, id) WHERE prime = 1;
CREATE INDEX hot_owned_name ON hot (kind, project, name, id) WHERE prime = 1;
CREATE INDEX hot_created ON hot (kind, created, id) WHERE prime = 1;
CREATE INDEX hot_public ON hot (kind, created, id) WHERE prime = 1 AND public = 1;

CREATE TABLE document (
    row INTEGER PRIMARY KEY,
    doc BLOB NOT NULL
);

CREATE TABLE tombstone (
    row INTEGER PRIMARY KEY,
    site TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    site_id TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    doc BLOB NOT NULL,
    gone REAL NOT NULL
);

CREATE UNIQUE INDEX tombstone_object ON tombstone (kind, id);
CREATE INDEX tombstone_gone ON tombstone (gone);

CREATE TABLE alias (
    site TEXT NOT NULL,
    kind TEXT NOT NULL,
    league TEXT NOT NULL,
    project TEXT NOT NULL,
    local TEXT NOT NULL,
    PRIMARY KEY (site, kind, league, project)
) WITHOUT ROWID;

CREATE TABLE intent (
    row INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    project TEXT NOT NULL,
    user TEXT NOT NULL,
    site TEXT NOT NULL,
    marker TEXT NOT NULL,
    detail BLOB NOT NULL,
    state TEXT NOT NULL,
    found TEXT NOT NULL,
    created REAL NOT NULL,
    generation INTEGER NOT NULL
);

CREATE INDEX intent_open ON intent (created, row) WHERE state IN ('planned', 'sent', 'revoked');

CREATE TABLE decision (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    decision BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

CREATE TABLE site (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    landlord TEXT NOT NULL,
    projects BLOB NOT NULL,
    settings BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE state (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    sealed INTEGER NOT NULL
) WITHOUT ROWID;

-- One known word, sealed: it tells whether a key is the one of this database.
CREATE TABLE seal (
    word BLOB NOT NULL
);
