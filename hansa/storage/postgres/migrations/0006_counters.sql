-- How many records there are, kept by triggers so that nobody has to count: in `owned` the primary ones of each owner, by where they are
-- and how they do; in `held` all records, whoever owns them. A line that comes to nothing goes. A statement adds what all its rows come to.

CREATE TABLE owned (
    kind text COLLATE "C" NOT NULL,
    project text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    public boolean NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (kind, project, site, status, public)
);

CREATE INDEX owned_public ON owned (kind, project) WHERE public;

CREATE TABLE held (
    kind text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    public boolean NOT NULL,
    prime boolean NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (kind, site, status, public, prime)
);

CREATE FUNCTION counted_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO held (kind, site, status, public, prime, amount)
    SELECT kind, site, status, public, prime, count(*) FROM fresh GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, site, status, public, prime) DO UPDATE SET amount = held.amount + excluded.amount;
    INSERT INTO owned (kind, project, site, status, public, amount)
    SELECT kind, project, site, status, public, count(*) FROM fresh WHERE prime GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, project, site, status, public) DO UPDATE SET amount = owned.amount + excluded.amount;
    RETURN NULL;
END $$;

CREATE FUNCTION counted_less() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO held (kind, site, status, public, prime, amount)
    SELECT kind, site, status, public, prime, -count(*) FROM stale GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, site, status, public, prime) DO UPDATE SET amount = held.amount + excluded.amount;
    INSERT INTO owned (kind, project, site, status, public, amount)
    SELECT kind, project, site, status, public, -count(*) FROM stale WHERE prime GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, project, site, status, public) DO UPDATE SET amount = owned.amount + excluded.amount;
    DELETE FROM held AS h USING (SELECT DISTINCT kind, site, status, public, prime FROM stale) AS s
    WHERE (h.kind, h.site, h.status, h.public, h.prime) = (s.kind, s.site, s.status, s.public, s.prime) AND h.amount = 0;
    DELETE FROM owned AS o USING (SELECT DISTINCT kind, project, site, status, public FROM stale) AS s
    WHERE (o.kind, o.project, o.site, o.status, o.public) = (s.kind, s.project, s.site, s.status, s.public) AND o.amount = 0;
    RETURN NULL;
END $$;

CREATE FUNCTION counted_else() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO held (kind, site, status, public, prime, amount)
    SELECT kind, site, status, public, prime, sum(sign) FROM (
        SELECT kind, site, status, public, prime, 1 AS sign FROM fresh UNION ALL SELECT kind, site, status, public, prime, -1 FROM stale
    ) AS one GROUP BY 1, 2, 3, 4, 5 HAVING sum(sign) <> 0 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, site, status, public, prime) DO UPDATE SET amount = held.amount + excluded.amount;
    INSERT INTO owned (kind, project, site, status, public, amount)
    SELECT kind, project, site, status, public, sum(sign) FROM (
        SELECT kind, project, site, status, public, 1 AS sign FROM fresh WHERE prime
        UNION ALL SELECT kind, project, site, status, public, -1 FROM stale WHERE prime
    ) AS one GROUP BY 1, 2, 3, 4, 5 HAVING sum(sign) <> 0 ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (kind, project, site, status, public) DO UPDATE SET amount = owned.amount + excluded.amount;
    DELETE FROM held AS h USING (SELECT DISTINCT kind, site, status, public, prime FROM stale) AS s
    WHERE (h.kind, h.site, h.status, h.public, h.prime) = (s.kind, s.site, s.status, s.public, s.prime) AND h.amount = 0;
    DELETE FROM owned AS o USING (SELECT DISTINCT kind, project, site, status, public FROM stale) AS s
    WHERE (o.kind, o.project, o.site, o.status, o.public) = (s.kind, s.project, s.site, s.status, s.public) AND o.amount = 0;
    RETURN NULL;
END $$;

CREATE TRIGGER counted_more AFTER INSERT ON hot REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION counted_more();
CREATE TRIGGER counted_less AFTER DELETE ON hot REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION counted_less();
CREATE TRIGGER counted_else AFTER UPDATE ON hot REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION counted_else();

INSERT INTO held (kind, site, status, public, prime, amount)
SELECT kind, site, status, public, prime, count(*) FROM hot GROUP BY 1, 2, 3, 4, 5;
INSERT INTO owned (kind, project, site, status, public, amount)
SELECT kind, project, site, status, public, count(*) FROM hot WHERE prime GROUP BY 1, 2, 3, 4, 5;
