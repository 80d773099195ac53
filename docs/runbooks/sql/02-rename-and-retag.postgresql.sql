WITH given (id, name, old_tag, new_tag, reason) AS (
    VALUES ('0d4f7a40-651d-44fb-8744-04d9b31ef844', 'Old-Wolf', 'finanzas', 'educacion', 'ticket 1234: new owner')
), wanted AS (
    SELECT id, btrim(name) AS name, reason,
           btrim(regexp_replace(lower(normalize(old_tag)), '\s+', ' ', 'g')) AS old_tag,
           btrim(regexp_replace(lower(normalize(new_tag)), '\s+', ' ', 'g')) AS new_tag
    FROM given
    WHERE btrim(reason) <> ''
), before AS (
    SELECT ally.id, ally.name, ally.tags
    FROM allies_ally AS ally
    JOIN wanted ON wanted.id = ally.id
    WHERE ally.tags @> jsonb_build_array(wanted.old_tag)
    FOR UPDATE OF ally
), changed AS (
    UPDATE allies_ally AS ally
    SET name = wanted.name,
        search_key = lower(wanted.name || ' ' || ally.id || ' ' || ally.brand_owner),
        tags = (
            SELECT jsonb_agg(swapped.tag ORDER BY swapped.place)
            FROM (
                SELECT CASE item.tag WHEN wanted.old_tag THEN wanted.new_tag ELSE item.tag END AS tag,
                       min(item.place) AS place
                FROM jsonb_array_elements_text(ally.tags) WITH ORDINALITY AS item (tag, place)
                GROUP BY 1
            ) AS swapped
        ),
        updated_at = now()
    FROM wanted
    JOIN before ON before.id = wanted.id
    WHERE ally.id = wanted.id
    RETURNING ally.id, ally.name, ally.tags
), history AS (
    INSERT INTO core_journalentry
        (at, actor_kind, actor_label, request_id, action, model, object_id, object_label, changes, reason)
    SELECT now(), 'command', session_user, '', 'change', 'allies.Ally', changed.id, changed.name,
           jsonb_build_object(
               'name', jsonb_build_array(before.name, changed.name),
               'tags', jsonb_build_array(before.tags, changed.tags)
           ),
           wanted.reason
    FROM changed
    JOIN before ON before.id = changed.id
    CROSS JOIN wanted
)
SELECT id, name, tags FROM changed;
