-- What tokens are no longer accepted. Nodes keep all of it in memory and read what is new by its id.
CREATE TABLE revocations (
  -- Given out under a lock, so that ids become visible in their order.
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- A token is meant when it fits all of these three that are not null.
  actor text,
  token_id text,
  board text COLLATE "C",
  -- And was issued until then; null: whenever.
  issued_until timestamptz,
  -- When the row has had its time; null: never.
  until timestamptz,
  reason text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (num_nonnulls(actor, token_id, board) > 0)
);
