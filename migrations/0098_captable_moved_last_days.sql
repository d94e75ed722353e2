-- A checkpoint knows on which day each warrant expires. An amendment that moves such a day adds no transaction, so the checkpoint
-- says how many it has seen: with one more, it is not used.

ALTER TABLE cap_table_checkpoint ADD COLUMN moved_count integer NOT NULL DEFAULT 0
  CONSTRAINT cap_table_checkpoint_moved_count CHECK (moved_count >= 0);
