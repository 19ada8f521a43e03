-- Quotas of the league. What each object takes of its owner's quota stands beside it in `hot`, and triggers keep the sums in
-- `used`, so that nobody has to count; a statement adds what all its rows come to. `intent` is the marker of the intent that made
-- an object. No database of ours on PostgreSQL is older than this step, so there is nothing to be weighed.

ALTER TABLE hot ADD COLUMN charge text COLLATE "C" NOT NULL DEFAULT '{}';
ALTER TABLE hot ADD COLUMN intent text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX hot_intent ON hot (intent) WHERE intent <> '';

CREATE TABLE used (
    project text COLLATE "C" NOT NULL,
    resource text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    prime boolean NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (project, resource, site, prime)
);

CREATE FUNCTION used_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT one.project, part.key, one.site, one.prime, sum(part.value::bigint)
    FROM fresh AS one CROSS JOIN json_each_text(one.charge::json) AS part
    WHERE one.charge <> '{}' AND one.project <> '' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (project, resource, site, prime) DO UPDATE SET amount = used.amount + excluded.amount;
    RETURN NULL;
END $$;

CREATE FUNCTION used_less() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT one.project, part.key, one.site, one.prime, -sum(part.value::bigint)
    FROM stale AS one CROSS JOIN json_each_text(one.charge::json) AS part
    WHERE one.charge <> '{}' AND one.project <> '' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (project, resource, site, prime) DO UPDATE SET amount = used.amount + excluded.amount;
    RETURN NULL;
END $$;

CREATE FUNCTION used_else() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT one.project, part.key, one.site, one.prime, sum(one.sign * part.value::bigint) FROM (
        SELECT project, site, prime, charge, 1 AS sign FROM fresh UNION ALL SELECT project, site, prime, charge, -1 FROM stale
    ) AS one CROSS JOIN json_each_text(one.charge::json) AS part
    WHERE one.charge <> '{}' AND one.project <> '' GROUP BY 1, 2, 3, 4
    HAVING sum(one.sign * part.value::bigint) <> 0 ORDER BY 1, 2, 3, 4
    ON CONFLICT (project, resource, site, prime) DO UPDATE SET amount = used.amount + excluded.amount;
    RETURN NULL;
END $$;

CREATE TRIGGER used_more AFTER INSERT ON hot REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION used_more();
CREATE TRIGGER used_less AFTER DELETE ON hot REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION used_less();
CREATE TRIGGER used_else AFTER UPDATE ON hot REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION used_else();

-- A limit of a project ('': of every project that has none of its own) in the league (site '') or at a site.
CREATE TABLE quota (
    project text COLLATE "C" NOT NULL,
    site text COLLATE "C" NOT NULL,
    resource text COLLATE "C" NOT NULL,
    most bigint NOT NULL,
    PRIMARY KEY (project, site, resource)
);

ALTER TABLE intent ADD COLUMN charge text COLLATE "C" NOT NULL DEFAULT '{}';
DROP INDEX intent_open;
CREATE INDEX intent_open ON intent (row) WHERE state IN ('planned', 'sent', 'revoked', 'made');
CREATE INDEX intent_held ON intent (project) WHERE state IN ('planned', 'sent', 'revoked', 'made');
