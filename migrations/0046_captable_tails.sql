-- Which part of a checkpoint holds a security or a holder: cursors of lists, nodes, and what was recorded after the checkpoint.
CREATE INDEX cap_table_checkpoint_part_by_key ON cap_table_checkpoint_part USING gin (keys);
