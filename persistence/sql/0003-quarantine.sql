-- Boards whose stored content could not be loaded: not tried again until somebody has looked.
CREATE TABLE quarantine (
  board text COLLATE "C" PRIMARY KEY,
  -- A mark is about this incarnation of the board: a reset ends it.
  epoch uuid NOT NULL,
  reason text NOT NULL,
  since timestamptz NOT NULL DEFAULT now()
);
