-- Ports and volumes that come with a server are known by the server (`hot.intent`); `after` is the last row of the inventory when an
-- intent was written, as what was there before did not come of it.

ALTER TABLE intent ADD COLUMN after INTEGER NOT NULL DEFAULT 0;

UPDATE hot SET intent = marker_of(kind, (SELECT doc FROM document WHERE document.row = hot.row)) WHERE kind IN ('port', 'volume');
