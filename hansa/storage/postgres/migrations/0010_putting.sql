-- The rows of a kind at a site follow one another in its index; names and sums are kept by triggers as before, as many processes write at once.

DROP INDEX hot_site;
CREATE INDEX hot_site ON hot (site, kind);
