-- What releases the grant of a later closing, which the terms of the round do not say, changes by amendment, too.

ALTER TABLE amendment ADD COLUMN later_grants jsonb NOT NULL DEFAULT '[]'
  CONSTRAINT amendment_later_grants CHECK (jsonb_typeof(later_grants) = 'array');
COMMENT ON COLUMN amendment.later_grants IS
  'Grants of later closings of which it changes the releases: [{grantId, releases}], the releases whole as they will read, in their wire form.';
