-- What a list needs of an object stands with its document: its site, and where the groups of fields end that are seen together. What is
-- older has no ends until it changes; a list takes more time for it.

ALTER TABLE document ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE document ADD COLUMN ends BLOB NOT NULL DEFAULT x'';

UPDATE document SET site = (SELECT site FROM hot WHERE hot.row = document.row) WHERE row IN (SELECT row FROM hot);
