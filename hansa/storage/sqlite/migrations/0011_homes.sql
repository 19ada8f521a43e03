-- At which site a container lives. Who was registered first keeps the name; a twin is another container of that name, at another site.

CREATE TABLE home (
    project TEXT NOT NULL,
    container TEXT NOT NULL,
    site TEXT NOT NULL,
    registered REAL NOT NULL,
    PRIMARY KEY (project, container)
) WITHOUT ROWID;

CREATE INDEX home_site ON home (site);

CREATE TABLE twin (
    project TEXT NOT NULL,
    container TEXT NOT NULL,
    site TEXT NOT NULL,
    registered REAL NOT NULL,
    PRIMARY KEY (project, container, site)
) WITHOUT ROWID;

CREATE INDEX twin_site ON twin (site);
