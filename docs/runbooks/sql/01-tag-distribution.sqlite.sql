SELECT item.value AS tag, count(*) AS allies
FROM allies_ally
CROSS JOIN json_each(allies_ally.tags) AS item
GROUP BY item.value
ORDER BY allies DESC, tag;
