SELECT tag, count(*) AS allies
FROM allies_ally
CROSS JOIN jsonb_array_elements_text(tags) AS tag
GROUP BY tag
ORDER BY allies DESC, tag;
