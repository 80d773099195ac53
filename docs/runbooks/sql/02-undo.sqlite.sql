BEGIN IMMEDIATE;

CREATE TEMPORARY TABLE wanted AS
SELECT '0d4f7a40-651d-44fb-8744-04d9b31ef844' AS id, 'Young-Wolf' AS name, 'educacion' AS old_tag, 'finanzas' AS new_tag, 'ticket 1234: undone' AS reason;

CREATE TEMPORARY TABLE swapped AS
SELECT ally.id, ally.name AS old_name, ally.tags AS old_tags, (
    SELECT json_group_array(tag)
    FROM (
        SELECT CASE item.value WHEN wanted.old_tag THEN wanted.new_tag ELSE item.value END AS tag
        FROM json_each(ally.tags) AS item
        GROUP BY 1
        ORDER BY min(item.key)
    )
) AS new_tags
FROM allies_ally AS ally
JOIN wanted ON wanted.id = ally.id
WHERE EXISTS (SELECT 1 FROM json_each(ally.tags) AS item WHERE item.value = wanted.old_tag);

INSERT INTO core_journalentry
    (at, actor_kind, actor_label, request_id, action, model, object_id, object_label, changes, reason)
SELECT strftime('%Y-%m-%d %H:%M:%f', 'now'), 'command', 'sqlite', '', 'change', 'allies.Ally',
       swapped.id, wanted.name,
       json_object(
           'name', json_array(swapped.old_name, wanted.name),
           'tags', json_array(json(swapped.old_tags), json(swapped.new_tags))
       ),
       wanted.reason
FROM swapped
JOIN wanted ON wanted.id = swapped.id;

UPDATE allies_ally
SET name = wanted.name,
    search_key = lower(wanted.name || ' ' || allies_ally.id || ' ' || allies_ally.brand_owner),
    tags = swapped.new_tags,
    updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now')
FROM wanted
JOIN swapped ON swapped.id = wanted.id
WHERE allies_ally.id = wanted.id
RETURNING id, name, tags;

DROP TABLE swapped;
DROP TABLE wanted;

COMMIT;
