-- Neutron's own order, by id, has an index to be walked by, within an owner. By time of change there is none, as on SQLite: it would have
-- to be told of every change, and all the others with it.

CREATE INDEX hot_owned_id ON hot (kind, project, id) WHERE prime;
