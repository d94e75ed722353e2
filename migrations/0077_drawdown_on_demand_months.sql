-- Months of use outside any reservation are found one by one, the latest first, and only those that are listed are read.
CREATE INDEX usage_record_on_demand_months ON usage_record (company_id, pool_id, ended_at) WHERE rate IS NOT NULL;
-- Its query goes by company and pool now.
DROP INDEX usage_record_drawn;
