-- Quotas of the league. What each object takes of its owner's quota stands beside it in `hot`, and triggers keep the sums in
-- `used`, so that nobody has to count. `intent` is the marker of the intent that made an object.

ALTER TABLE hot ADD COLUMN charge TEXT NOT NULL DEFAULT '{}';
ALTER TABLE hot ADD COLUMN intent TEXT NOT NULL DEFAULT '';
CREATE INDEX hot_intent ON hot (intent) WHERE intent <> '';

CREATE TABLE used (
    project TEXT NOT NULL,
    resource TEXT NOT NULL,
    site TEXT NOT NULL,
    prime INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (project, resource, site, prime)
) WITHOUT ROWID;

CREATE TRIGGER used_more AFTER INSERT ON hot WHEN NEW.charge <> '{}' AND NEW.project <> '' BEGIN
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT NEW.project, key, NEW.site, NEW.prime, value FROM json_each(NEW.charge) WHERE true
    ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
END;

CREATE TRIGGER used_less AFTER DELETE ON hot WHEN OLD.charge <> '{}' AND OLD.project <> '' BEGIN
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT OLD.project, key, OLD.site, OLD.prime, -value FROM json_each(OLD.charge) WHERE true
    ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
END;

CREATE TRIGGER used_else AFTER UPDATE OF project, site, prime, charge ON hot
WHEN (OLD.charge <> '{}' OR NEW.charge <> '{}')
AND (OLD.project, OLD.site, OLD.prime, OLD.charge) IS NOT (NEW.project, NEW.site, NEW.prime, NEW.charge) BEGIN
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT OLD.project, key, OLD.site, OLD.prime, -value FROM json_each(OLD.charge) WHERE OLD.project <> ''
    ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
    INSERT INTO used (project, resource, site, prime, amount)
    SELECT NEW.project, key, NEW.site, NEW.prime, value FROM json_each(NEW.charge) WHERE NEW.project <> ''
    ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
END;

UPDATE hot SET
    charge = charge_of(kind, (SELECT doc FROM document WHERE document.row = hot.row)),
    intent = marker_of(kind, (SELECT doc FROM document WHERE document.row = hot.row));

-- A limit of a project ('': of every project that has none of its own) in the league (site '') or at a site.
CREATE TABLE quota (
    project TEXT NOT NULL,
    site TEXT NOT NULL,
    resource TEXT NOT NULL,
    most INTEGER NOT NULL,
    PRIMARY KEY (project, site, resource)
) WITHOUT ROWID;

ALTER TABLE intent ADD COLUMN charge TEXT NOT NULL DEFAULT '{}';
DROP INDEX intent_open;
CREATE INDEX intent_open ON intent (row) WHERE state IN ('planned', 'sent', 'revoked', 'made');
CREATE INDEX intent_held ON intent (project) WHERE state IN ('planned', 'sent', 'revoked', 'made');
