-- What a list needs of an object beside its document: its site, and where the groups of fields end that are seen together. What is older
-- says nothing of groups until it changes; a list takes more time for it.

ALTER TABLE document ADD COLUMN ends bytea NOT NULL DEFAULT ''::bytea;

UPDATE document SET ends = '\x0000'::bytea || convert_to(site, 'UTF8');
