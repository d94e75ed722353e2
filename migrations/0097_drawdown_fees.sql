-- What a reservation was charged other than as delivered: as unused, for not coming, for cancelling. There are few of these, and
-- may be very many that are delivered.
CREATE INDEX charge_beside_delivered ON charge (company_id, reservation_id) WHERE cause <> 'delivered';
