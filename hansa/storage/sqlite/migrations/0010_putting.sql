-- Records come in many at once, and whoever puts them keeps their names and sums in one go: of triggers there remain those for what is removed
-- and for what becomes primary. The rows of a kind at a site follow one another in its index, so that a batch of them is written in one place.

DROP TRIGGER names_more;
DROP TRIGGER names_else;
DROP TRIGGER counted_more;
DROP TRIGGER counted_else;
DROP TRIGGER used_more;
DROP TRIGGER used_else;

CREATE TRIGGER counted_else AFTER UPDATE OF prime ON hot WHEN OLD.prime <> NEW.prime BEGIN
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

CREATE TRIGGER used_else AFTER UPDATE OF prime ON hot WHEN OLD.prime <> NEW.prime AND OLD.charge <> '{}' AND OLD.project <> '' BEGIN
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT OLD.project, key, OLD.site, OLD.prime, -value FROM json_each(OLD.charge) WHERE true
    ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT NEW.project, key, NEW.site, NEW.prime, value FROM json_each(NEW.charge) WHERE true
    ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
END;

DROP INDEX hot_site;
CREATE INDEX hot_site ON hot (site, kind);
