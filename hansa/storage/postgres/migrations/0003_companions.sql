-- Ports and volumes that come with a server are known by the server (`hot.intent`); `after` is the last row of the inventory when an
-- intent was written, as what was there before did not come of it.

ALTER TABLE intent ADD COLUMN after bigint NOT NULL DEFAULT 0;
