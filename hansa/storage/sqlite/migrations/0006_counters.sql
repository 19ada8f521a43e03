-- How many records there are, kept by triggers so that nobody has to count: in `owned` the primary ones of each owner, by where they are
-- and how they do; in `held` all records, whoever owns them. A line that comes to nothing goes.

CREATE TABLE owned (
    kind TEXT NOT NULL,
    project TEXT NOT NULL,
    site TEXT NOT NULL,
    status TEXT NOT NULL,
    public INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (kind, project, site, status, public)
) WITHOUT ROWID;

CREATE INDEX owned_public ON owned (kind, project) WHERE public = 1;

CREATE TABLE held (
    kind TEXT NOT NULL,
    site TEXT NOT NULL,
    status TEXT NOT NULL,
    public INTEGER NOT NULL,
    prime INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (kind, site, status, public, prime)
) WITHOUT ROWID;

CREATE TRIGGER counted_more AFTER INSERT ON hot BEGIN
    INSERT INTO held (kind, site, status, public, prime, amount) VALUES (NEW.kind, NEW.site, NEW.status, NEW.public, NEW.prime, 1)
    ON CONFLICT DO UPDATE SET amount = amount + 1;
    INSERT INTO owned (kind, project, site, status, public, amount)
    SELECT NEW.kind, NEW.project, NEW.site, NEW.status, NEW.public, 1 WHERE NEW.prime = 1
    ON CONFLICT DO UPDATE SET amount = amount + 1;
END;

CREATE TRIGGER counted_less AFTER DELETE ON hot BEGIN
    UPDATE held SET amount = amount - 1
    WHERE (kind, site, status, public, prime) = (OLD.kind, OLD.site, OLD.status, OLD.public, OLD.prime);
    DELETE FROM held
    WHERE (kind, site, status, public, prime) = (OLD.kind, OLD.site, OLD.status, OLD.public, OLD.prime) AND amount = 0;
    UPDATE owned SET amount = amount - 1
    WHERE (kind, project, site, status, public) = (OLD.kind, OLD.project, OLD.site, OLD.status, OLD.public) AND OLD.prime = 1;
    DELETE FROM owned
    WHERE (kind, project, site, status, public) = (OLD.kind, OLD.project, OLD.site, OLD.status, OLD.public) AND amount = 0;
END;

CREATE TRIGGER counted_else AFTER UPDATE OF kind, project, site, status, public, prime ON hot
WHEN (OLD.kind, OLD.project, OLD.site, OLD.status, OLD.public, OLD.prime)
IS NOT (NEW.kind, NEW.project, NEW.site, NEW.status, NEW.public, NEW.prime) BEGIN
    UPDATE held SET amount = amount - 1
    WHERE (kind, site, status, public, prime) = (OLD.kind, OLD.site, OLD.status, OLD.public, OLD.prime);
    INSERT INTO held (kind, site, status, public, prime, amount) VALUES (NEW.kind, NEW.site, NEW.status, NEW.public, NEW.prime, 1)
    ON CONFLICT DO UPDATE SET amount = amount + 1;
    DELETE FROM held
    WHERE (kind, site, status, public, prime) = (OLD.kind, OLD.site, OLD.status, OLD.public, OLD.prime) AND amount = 0;
    UPDATE owned SET amount = amount - 1
    WHERE (kind, project, site, status, public) = (OLD.kind, OLD.project, OLD.site, OLD.status, OLD.public) AND OLD.prime = 1;
    INSERT INTO owned (kind, project, site, status, public, amount)
    SELECT NEW.kind, NEW.project, NEW.site, NEW.status, NEW.public, 1 WHERE NEW.prime = 1
    ON CONFLICT DO UPDATE SET amount = amount + 1;
    DELETE FROM owned
    WHERE (kind, project, site, status, public) = (OLD.kind, OLD.project, OLD.site, OLD.status, OLD.public) AND amount = 0;
END;

INSERT INTO held (kind, site, status, public, prime, amount)
SELECT kind, site, status, public, prime, count(*) FROM hot GROUP BY 1, 2, 3, 4, 5;
INSERT INTO owned (kind, project, site, status, public, amount)
SELECT kind, project, site, status, public, count(*) FROM hot WHERE prime = 1 GROUP BY 1, 2, 3, 4, 5;
