"""What analysts may read of cases (core.bi): kinds, states and times; no texts, and nobody."""

VIEWS = {
    "v_cases": """
    SELECT id, kind, state, priority, occurrences, resolution, created_at, first_response_due,
        solution_due, first_responded_at, first_response_minutes, paused_minutes, resolved_at
    FROM cases_case"""
}
