-- Who looks for a part of a name reads the index alone, in the order in which the list is wanted.

DROP INDEX hot_owned_created;
DROP INDEX hot_created;
CREATE INDEX hot_owned_created ON hot (kind, project, created, id) INCLUDE (name) WHERE prime;
CREATE INDEX hot_created ON hot (kind, created, id) INCLUDE (name) WHERE prime;
