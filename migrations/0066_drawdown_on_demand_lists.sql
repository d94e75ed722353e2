-- Use outside any reservation is listed by pool, for its provider.
CREATE INDEX usage_record_drawn ON usage_record (pool_id, ended_at) WHERE rate IS NOT NULL;
