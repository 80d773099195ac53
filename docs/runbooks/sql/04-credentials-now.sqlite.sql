SELECT wanted.value AS id,
       ally.name,
       CASE WHEN EXISTS (
           SELECT 1
           FROM allies_allycredential AS credential
           WHERE credential.ally_id = ally.id AND credential.revoked_at IS NULL
       ) THEN 't' ELSE 'f' END AS credentials_set
FROM json_each(
    '["0d4f7a40-651d-44fb-8744-04d9b31ef844",
      "27e531b9-c060-4186-888d-c6e9588d258c",
      "cc702520-917d-4ec7-8fe6-3e2c818aeb8b"]'
) AS wanted
LEFT JOIN allies_ally AS ally ON ally.id = wanted.value
ORDER BY wanted.value;
