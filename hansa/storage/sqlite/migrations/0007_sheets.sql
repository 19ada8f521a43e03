-- What a list needs of an object beside its document: its site, and where the groups of fields end that are seen together. What is older
-- says nothing of groups until it changes; a list takes more time for it.

ALTER TABLE document ADD COLUMN ends BLOB NOT NULL DEFAULT x'';

UPDATE document SET ends = x'0000' || (SELECT CAST(site AS BLOB) FROM hot WHERE hot.row = document.row) WHERE row IN (SELECT row FROM hot);
