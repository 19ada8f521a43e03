-- What a list needs of an object stands with its document: where the groups of fields end that are seen together. What is older has no ends
-- until it changes; a list takes more time for it.

ALTER TABLE document ADD COLUMN ends bytea NOT NULL DEFAULT ''::bytea;
