-- Containers that span sites, and what sites owe them: written before a change is sent, taken away when the site has it.

CREATE TABLE spread (
    project text COLLATE "C" NOT NULL,
    container text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    sites text COLLATE "C" NOT NULL,
    need bigint NOT NULL,
    registered double precision NOT NULL,
    filling text COLLATE "C" NOT NULL,
    leaving text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    PRIMARY KEY (project, container)
);

CREATE TABLE debt (
    project text COLLATE "C" NOT NULL,
    container text COLLATE "C" NOT NULL,
    object text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    since double precision NOT NULL,
    generation bigint NOT NULL,
    missed boolean NOT NULL,
    PRIMARY KEY (project, container, object, site)
);

CREATE SEQUENCE debt_turn;
