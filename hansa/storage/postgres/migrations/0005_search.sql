-- Parts of names: the names stand in `hot_owned_created` and `hot_created`, and are looked through there. An index of three
-- characters each, as on SQLite, would be an extension, which not every operator may create.

COMMENT ON INDEX hot_owned_created IS 'the everyday order of a project''s things; parts of names are looked for in it';
COMMENT ON INDEX hot_created IS 'the same over all projects';
