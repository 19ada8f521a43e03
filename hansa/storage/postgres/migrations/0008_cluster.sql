-- What many processes on one database need beside the store: what changed, who does what, and what waits to be digested.

-- Who tells news takes the next number here, and holds the row until the end of the transaction: so numbers have no gaps and come
-- in the order of the commits. News up to `pruned` are kept no more.
CREATE TABLE feed (
    number bigint NOT NULL,
    pruned bigint NOT NULL
);

INSERT INTO feed (number, pruned) VALUES (0, 0);

CREATE TABLE news (
    number bigint PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    told timestamptz NOT NULL
);

CREATE TABLE lease (
    name text COLLATE "C" PRIMARY KEY,
    holder text COLLATE "C" NOT NULL,
    until timestamptz NOT NULL
);

-- Whoever gives a batch locks its site's row in `line`, whoever digests one that in `served`: so they do not wait for each other.
-- What was taken of each lane stands in the column of its name.
CREATE TABLE line (
    site text COLLATE "C" PRIMARY KEY,
    run text COLLATE "C" NOT NULL,
    command bigint NOT NULL,
    hot bigint NOT NULL,
    bulk bigint NOT NULL
);

CREATE SEQUENCE served_turn;

CREATE TABLE served (
    site text COLLATE "C" PRIMARY KEY,
    turn bigint NOT NULL,
    failures int NOT NULL,
    due timestamptz NOT NULL
);

CREATE SEQUENCE batch_row;

CREATE TABLE batch (
    site text COLLATE "C" NOT NULL,
    lane smallint NOT NULL,
    row bigint NOT NULL DEFAULT nextval('batch_row'),
    run text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (site, lane, row)
);

-- Batches are packed before they come.
ALTER TABLE batch ALTER COLUMN body SET STORAGE EXTERNAL;
