http --ignore-stdin POST "$PLAZA/allies/1f585fc9-4926-468c-a728-eb34d80e9ea1/credentials" \
    "Authorization:Bearer $TOKEN" "Idempotency-Key:ticket-1235" \
    user=aliado_addi 'password=}sxh7_5}BdJ4K:Qf'
