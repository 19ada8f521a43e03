-- At which site a container lives. Who was registered first keeps the name; a twin is another container of that name, at another site.

CREATE TABLE home (
    project text COLLATE "C" NOT NULL,
    container text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    registered double precision NOT NULL,
    PRIMARY KEY (project, container)
);

CREATE INDEX home_site ON home (site);

CREATE TABLE twin (
    project text COLLATE "C" NOT NULL,
    container text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    registered double precision NOT NULL,
    PRIMARY KEY (project, container, site)
);

CREATE INDEX twin_site ON twin (site);
