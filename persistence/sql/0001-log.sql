-- Everything is keyed by board, so that a board's rows can live together on one server.

CREATE TABLE boards (
  id text COLLATE "C" PRIMARY KEY,
  -- Changing it takes SELECT ... FOR UPDATE first: writers of snapshots hold the row FOR KEY SHARE.
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  head bigint NOT NULL DEFAULT 0,
  snapshot_seq bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
)
-- Every append changes "head": room on the page keeps such an update from touching the index.
WITH (fillfactor = 50);

CREATE TABLE updates (
  board text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  actor text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  bytes bytea NOT NULL,
  PRIMARY KEY (board, seq)
) PARTITION BY HASH (board);

CREATE TABLE updates_00 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 0);
CREATE TABLE updates_01 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 1);
CREATE TABLE updates_02 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 2);
CREATE TABLE updates_03 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 3);
CREATE TABLE updates_04 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 4);
CREATE TABLE updates_05 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 5);
CREATE TABLE updates_06 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 6);
CREATE TABLE updates_07 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 7);
CREATE TABLE updates_08 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 8);
CREATE TABLE updates_09 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 9);
CREATE TABLE updates_10 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 10);
CREATE TABLE updates_11 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 11);
CREATE TABLE updates_12 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 12);
CREATE TABLE updates_13 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 13);
CREATE TABLE updates_14 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 14);
CREATE TABLE updates_15 PARTITION OF updates FOR VALUES WITH (MODULUS 16, REMAINDER 15);

CREATE TABLE snapshots (
  board text COLLATE "C" PRIMARY KEY,
  epoch uuid NOT NULL,
  seq bigint NOT NULL,
  bytes bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Kept uncompressed, so that reading a piece of a large value fetches just that piece.
ALTER TABLE updates ALTER COLUMN bytes SET STORAGE EXTERNAL;
ALTER TABLE snapshots ALTER COLUMN bytes SET STORAGE EXTERNAL;
