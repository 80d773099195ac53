"""The report as data: the counts, with the allies named and their credentials looked up.

What ``analyse_log --json`` writes. ``schema`` is raised when a key goes or changes its meaning;
keys that come in do not raise it.
"""

from datetime import datetime
from typing import Any

from allies import selectors
from allies.accesslog.calls import AllyCalls, Calls, Span, together
from allies.accesslog.report import FileTally, Tally
from allies.accesslog.routes import text

SCHEMA = 2


def shown(moment: datetime | None) -> str | None:
    """Return a moment in ISO 8601, in the zone that the log has."""
    return None if moment is None else moment.isoformat()


def span_row(span: Span) -> dict[str, Any]:
    """Return how many failures there were, the first and the last."""
    return {
        "failed": span.failed,
        "first_failure": shown(span.first),
        "last_failure": shown(span.last),
    }


def calls_row(calls: Calls) -> dict[str, Any]:
    """Return what happened with one method, or on one route."""
    return {
        "attempts": calls.attempts,
        **span_row(calls.span),
        "later_attempt_succeeded": calls.recovered,
    }


def ally_row(ally: str, mine: AllyCalls) -> dict[str, Any]:
    """Return what happened to one ally: the methods, routes and clients of its failures.

    When adding credentials failed, only adding them recovers the ally.
    """
    by_method = {method: calls for method, calls in mine.by_method().items() if calls.failed}
    decisive = [by_method["POST"]] if "POST" in by_method else list(by_method.values())
    total = together(by_method.values())
    routes = sorted(mine.routes.items(), key=lambda item: (-item[1].failed, item[0]))
    clients = sorted(mine.clients.items(), key=lambda item: (-item[1].failed, item[0]))
    return {
        "id": ally,
        "attempts": total.attempts,
        **span_row(total.span),
        "later_attempt_succeeded": all(calls.recovered for calls in decisive),
        "by_method": [{"method": name, **calls_row(calls)} for name, calls in by_method.items()],
        "by_route": [
            {"method": text(method), "route": route, **calls_row(calls)}
            for (method, route), calls in routes
            if calls.failed
        ],
        "by_client": [{"client": text(client), **span_row(span)} for client, span in clients],
        "failed_of_further_clients": mine.failed_of_others,
    }


def file_row(file: FileTally) -> dict[str, Any]:
    """Return what one file came to, and the formats that were recognised in it."""
    return {
        "file": file.name,
        "lines": file.lines,
        "not_understood": file.not_understood,
        "many_not_understood": file.doubtful,
        "examples": [{"line": number, "text": line} for number, line in file.examples],
        "formats": [
            {"format": form, "requests": requests}
            for form, requests in sorted(file.forms.items(), key=lambda item: (-item[1], item[0]))
        ],
        "problem": file.problem,
    }


def summarise(tally: Tally) -> dict[str, Any]:
    """Return the report as plain data."""
    rows = [ally_row(ally, mine) for ally, mine in tally.allies.affected()]
    rows.sort(key=lambda row: (-row["failed"], row["id"]))
    known = selectors.names_and_credentials(
        row["id"] for row in rows if row["id"] not in tally.allies.unknown
    )
    allies = tally.allies
    return {
        "lines": {
            "total": tally.lines,
            "succeeded": tally.succeeded,
            "failed": tally.failed,
            "not_understood": tally.not_understood,
            "outside_window": tally.outside,
            "without_time": tally.without_time,
            "structure": tally.structure,
        },
        "schema": SCHEMA,
        "window": {"since": shown(tally.since), "until": shown(tally.until)},
        "problem": tally.problem,
        "files": [file_row(file) for file in tally.files],
        "by_status": [
            {"status": status, "calls": calls} for status, calls in sorted(tally.by_status.items())
        ],
        "by_route": [
            {"method": text(method), "route": route, "calls": calls, "failed": failed}
            for (method, route), (calls, failed) in most_first(tally.routes.final())
        ],
        "by_client": [
            {"client": text(client), "calls": calls, "failed": failed}
            for client, (calls, failed) in most_first(tally.clients.final())
        ],
        "credentials": {
            "failed_calls": sum(row["failed"] for row in rows) + allies.further_failed,
            "allies_hurt": [
                {
                    "id": row["id"],
                    "name": known[row["id"]][0],
                    **row,
                    "credentials_set": known[row["id"]][1],
                }
                for row in rows
                if row["id"] in known
            ],
            "unknown_ids": [row for row in rows if row["id"] not in known],
            "calls_of_ids_not_told_apart": allies.further_attempts,
            "failed_calls_of_ids_not_told_apart": allies.further_failed,
        },
        "not_understood": {
            "shown": [
                {"file": name, "line": number, "text": line} for name, number, line in tally.shown
            ],
            "not_shown": tally.not_understood - len(tally.shown),
        },
    }


def most_first(counts: dict[Any, tuple[int, int]]) -> list[tuple[Any, tuple[int, int]]]:
    """Return the counts, the biggest first, equal ones by name."""
    return sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
