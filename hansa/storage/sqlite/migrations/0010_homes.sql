-- At which site a container lives. Who was registered first keeps the name.

CREATE TABLE home (
    project TEXT NOT NULL,
    container TEXT NOT NULL,
    site TEXT NOT NULL,
    registered REAL NOT NULL,
    PRIMARY KEY (project, container)
) WITHOUT ROWID;

CREATE INDEX home_site ON home (site);
