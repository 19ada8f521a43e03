-- Parts of names without case, three characters each: of a million names the few that can hold a word are found without looking at the others.

CREATE VIRTUAL TABLE names USING fts5 (name, content = '', tokenize = 'trigram', detail = 'none', columnsize = 0);

CREATE TRIGGER names_more AFTER INSERT ON hot BEGIN
    INSERT INTO names (rowid, name) VALUES (NEW.row, folded(CAST(NEW.name AS BLOB)));
END;

CREATE TRIGGER names_less AFTER DELETE ON hot BEGIN
    INSERT INTO names (names, rowid, name) VALUES ('delete', OLD.row, folded(CAST(OLD.name AS BLOB)));
END;

CREATE TRIGGER names_else AFTER UPDATE OF name ON hot WHEN OLD.name <> NEW.name BEGIN
    INSERT INTO names (names, rowid, name) VALUES ('delete', OLD.row, folded(CAST(OLD.name AS BLOB)));
    INSERT INTO names (rowid, name) VALUES (NEW.row, folded(CAST(NEW.name AS BLOB)));
END;

INSERT INTO names (rowid, name) SELECT row, folded(CAST(name AS BLOB)) FROM hot;
