-- Fewer keys to look up for each charge, and stricter ones. A charge had four: its grant, its lot, its reservation and its
-- usage record, each looked up and locked for each record of a batch, and nothing said that they belong together. Now the
-- usage record is looked up with its reservation, the grant with its lot: what is charged is the use of that very reservation,
-- from that very grant's lot. The reservation alone is looked up for a charge that has no usage record, the lot alone for one
-- that vests nothing. Docs: docs/adr/0045-speed-of-the-hot-paths.md.

-- Lists the usage of one reservation too: it takes the place of the index that did.
ALTER TABLE usage_record ADD CONSTRAINT usage_record_of_reservation_once UNIQUE (company_id, reservation_id, usage_id);
DROP INDEX usage_record_of_reservation;
ALTER TABLE vesting_grant ADD CONSTRAINT vesting_grant_with_lot UNIQUE (company_id, grant_id, lot_id);

ALTER TABLE charge
  DROP CONSTRAINT charge_grant,
  DROP CONSTRAINT charge_lot,
  DROP CONSTRAINT charge_reservation,
  DROP CONSTRAINT charge_usage,
  ADD COLUMN unused_reservation_id uuid GENERATED ALWAYS AS (CASE WHEN usage_id IS NULL THEN reservation_id END) STORED,
  ADD COLUMN plain_lot_id uuid GENERATED ALWAYS AS (CASE WHEN grant_id IS NULL THEN lot_id END) STORED;
ALTER TABLE charge
  ADD CONSTRAINT charge_usage FOREIGN KEY (company_id, reservation_id, usage_id)
    REFERENCES usage_record (company_id, reservation_id, usage_id),
  ADD CONSTRAINT charge_grant FOREIGN KEY (company_id, grant_id, lot_id)
    REFERENCES vesting_grant (company_id, grant_id, lot_id),
  ADD CONSTRAINT charge_reservation FOREIGN KEY (company_id, unused_reservation_id)
    REFERENCES reservation (company_id, reservation_id),
  ADD CONSTRAINT charge_lot FOREIGN KEY (company_id, plain_lot_id) REFERENCES lot (company_id, lot_id);
COMMENT ON COLUMN charge.unused_reservation_id IS 'The reservation, where no usage record leads to it.';
COMMENT ON COLUMN charge.plain_lot_id IS 'The lot, where no grant leads to it: its tokens vest nothing.';
