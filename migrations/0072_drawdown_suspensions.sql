-- Whether a charge is set aside is asked of every charge that a correction takes from, and of all those of a dispute.
CREATE INDEX dispute_suspension_of_charge ON dispute_suspension (company_id, charge_id);
