-- Who has the rights of a side letter, as the cap table knows them: names change, and two holders may have one name.

ALTER TABLE deal_document ADD COLUMN stakeholder_id text COLLATE "C"
  CONSTRAINT deal_document_stakeholder CHECK (stakeholder_id IS NULL OR kind = 'side_letter' AND stakeholder_id <> '');
COMMENT ON COLUMN deal_document.stakeholder_id IS
  'Of a side letter: the Open Cap Format id of its holder among the stakeholders; null where the cap table does not know the holder.';

-- What is stored is matched by name, where exactly one stakeholder of the company is called so.
UPDATE deal_document AS letter SET stakeholder_id = found.stakeholder_id
FROM (
  SELECT called.company_id, called.name, min(called.object_id) AS stakeholder_id
  FROM (
    SELECT DISTINCT ON (latest.company_id, latest.object_id) latest.company_id, latest.object_id,
      coalesce(person.personal, latest.item) #>> '{name,legal_name}' AS name
    FROM ocf_object AS latest
    LEFT JOIN stakeholder_person AS person ON person.company_id = latest.company_id
      AND person.object_id = latest.object_id AND person.version = latest.version
    WHERE latest.object_type = 'STAKEHOLDER' AND latest.status = 'APPLIED'
    ORDER BY latest.company_id, latest.object_id, latest.version DESC
  ) AS called
  GROUP BY called.company_id, called.name HAVING count(*) = 1
) AS found
WHERE letter.kind = 'side_letter' AND letter.company_id = found.company_id AND letter.content ->> 'holder' = found.name;
