-- Containers that span sites, and what sites owe them: written before a change is sent, taken away when the site has it.

CREATE TABLE spread (
    project TEXT NOT NULL,
    container TEXT NOT NULL,
    kind TEXT NOT NULL,
    sites TEXT NOT NULL,
    need INTEGER NOT NULL,
    registered REAL NOT NULL,
    filling TEXT NOT NULL,
    leaving TEXT NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (project, container)
) WITHOUT ROWID;

CREATE TABLE debt (
    project TEXT NOT NULL,
    container TEXT NOT NULL,
    object TEXT NOT NULL,
    site TEXT NOT NULL,
    since REAL NOT NULL,
    generation INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    PRIMARY KEY (project, container, object, site)
) WITHOUT ROWID;

CREATE TABLE debt_turn (
    last INTEGER NOT NULL
);

INSERT INTO debt_turn (last) VALUES (0);
