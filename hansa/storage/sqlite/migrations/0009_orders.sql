-- Each order that is promised at any size has an index to be walked by, within an owner: by id (Neutron's own), by time of change, by name,
-- with what the services order equal ones by. That an object has one primary record the store sees to, and `hansa db check` too.

DROP INDEX hot_prime;
DROP INDEX hot_owned_name;
CREATE INDEX hot_owned_id ON hot (kind, project, id) WHERE prime = 1;
CREATE INDEX hot_owned_updated ON hot (kind, project, updated, created, id) WHERE prime = 1;
CREATE INDEX hot_owned_name ON hot (kind, project, name, created, id) WHERE prime = 1;
