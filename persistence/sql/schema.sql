-- Written by "npm run schema -w persistence".

CREATE TABLE boards (
  id text COLLATE "C" NOT NULL,
  epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  head bigint NOT NULL DEFAULT 0,
  snapshot_seq bigint NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT boards_pkey PRIMARY KEY (id)
) WITH (fillfactor=50);

CREATE TABLE migrations (
  number integer NOT NULL,
  name text NOT NULL,
  applied_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT migrations_pkey PRIMARY KEY (number)
);

CREATE TABLE quarantine (
  board text COLLATE "C" NOT NULL,
  epoch uuid NOT NULL,
  reason text NOT NULL,
  since timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT quarantine_pkey PRIMARY KEY (board)
);

CREATE TABLE revocations (
  id bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
  actor text,
  token_id text,
  board text COLLATE "C",
  issued_until timestamp with time zone,
  until timestamp with time zone,
  reason text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT revocations_check CHECK ((num_nonnulls(actor, token_id, board) > 0)),
  CONSTRAINT revocations_pkey PRIMARY KEY (id)
);

CREATE TABLE snapshots (
  board text COLLATE "C" NOT NULL,
  epoch uuid NOT NULL,
  seq bigint NOT NULL,
  bytes bytea STORAGE EXTERNAL NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT snapshots_pkey PRIMARY KEY (board)
);

CREATE TABLE updates (
  board text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  actor text NOT NULL,
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  bytes bytea STORAGE EXTERNAL NOT NULL,
  CONSTRAINT updates_pkey PRIMARY KEY (board, seq)
) PARTITION BY HASH (board);

CREATE TABLE updates_00 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 0);

CREATE TABLE updates_01 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 1);

CREATE TABLE updates_02 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 2);

CREATE TABLE updates_03 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 3);

CREATE TABLE updates_04 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 4);

CREATE TABLE updates_05 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 5);

CREATE TABLE updates_06 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 6);

CREATE TABLE updates_07 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 7);

CREATE TABLE updates_08 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 8);

CREATE TABLE updates_09 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 9);

CREATE TABLE updates_10 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 10);

CREATE TABLE updates_11 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 11);

CREATE TABLE updates_12 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 12);

CREATE TABLE updates_13 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 13);

CREATE TABLE updates_14 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 14);

CREATE TABLE updates_15 PARTITION OF updates FOR VALUES WITH (modulus 16, remainder 15);
