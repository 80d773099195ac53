BEGIN IMMEDIATE;

CREATE TEMPORARY TABLE wanted (
    id TEXT,
    name TEXT CHECK (name <> ''),
    old_tag TEXT,
    new_tag TEXT NOT NULL
        CONSTRAINT new_tag_is_no_tag CHECK (length(new_tag) BETWEEN 1 AND 50 AND instr(new_tag, '  ') = 0)
        CONSTRAINT new_tag_is_not_lower_case CHECK (new_tag NOT GLOB '*[ÁÉÍÓÚÜÑ]*')
        CONSTRAINT new_tag_is_decomposed CHECK (new_tag NOT GLOB '*[' || char(768) || '-' || char(879) || ']*'),
    reason TEXT CONSTRAINT reason_is_missing CHECK (trim(reason) <> '')
);

INSERT INTO wanted
SELECT id, trim(name), lower(trim(old_tag)), CASE typeof(new_tag) WHEN 'text' THEN lower(trim(new_tag)) END, reason
FROM (
    SELECT '0d4f7a40-651d-44fb-8744-04d9b31ef844' AS id, 'Young-Wolf' AS name, 'educacion' AS old_tag, 'finanzas' AS new_tag, 'ticket 1234: undone' AS reason
);

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
RETURNING id, name, replace(tags, '","', '", "') AS tags;

DROP TABLE swapped;
DROP TABLE wanted;

COMMIT;
