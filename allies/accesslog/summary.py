"""The report of a log: the counts, with the allies named and their credentials looked up."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from allies import selectors
from allies.accesslog.report import Calls, Tally
from allies.accesslog.routes import text


def shown(moment: datetime | None) -> str | None:
    """Return a moment in ISO 8601, in the zone that the log has."""
    return None if moment is None else moment.isoformat()


def method_row(method: str, calls: Calls) -> dict[str, Any]:
    """Return what happened with one method."""
    return {
        "method": method,
        "attempts": calls.attempts,
        "failed": calls.failed,
        "first_failure": shown(calls.first_failure),
        "last_failure": shown(calls.last_failure),
        "later_attempt_succeeded": calls.recovered,
    }


def ally_row(ally: str, by_method: dict[str, Calls]) -> dict[str, Any]:
    """Return what happened to one ally; when adding failed, only adding recovers it."""
    decisive = [by_method["POST"]] if "POST" in by_method else list(by_method.values())
    first = [calls.first_failure for calls in by_method.values() if calls.first_failure]
    last = [calls.last_failure for calls in by_method.values() if calls.last_failure]
    return {
        "id": ally,
        "attempts": sum(calls.attempts for calls in by_method.values()),
        "failed": sum(calls.failed for calls in by_method.values()),
        "first_failure": shown(min(first, default=None)),
        "last_failure": shown(max(last, default=None)),
        "later_attempt_succeeded": all(calls.recovered for calls in decisive),
        "by_method": [method_row(*item) for item in sorted(by_method.items())],
    }


def summarise(tally: Tally) -> dict[str, Any]:
    """Return the report as plain data."""
    rows = [ally_row(ally, calls) for ally, calls in tally.affected()]
    rows.sort(key=lambda row: (-row["failed"], row["id"]))
    known = selectors.names_and_credentials(row["id"] for row in rows)
    affected = [
        {
            "id": row["id"],
            "name": known[row["id"]][0],
            **row,
            "credentials_set": known[row["id"]][1],
        }
        for row in rows
        if row["id"] in known
    ]
    return {
        "lines": {
            "total": tally.lines,
            "succeeded": tally.succeeded,
            "failed": tally.failed,
            "not_understood": tally.not_understood,
            "outside_window": tally.outside,
        },
        "window": {"since": shown(tally.since), "until": shown(tally.until)},
        "problem": tally.problem,
        "by_status": [
            {"status": status, "calls": calls} for status, calls in sorted(tally.by_status.items())
        ],
        "by_route": [
            {
                "method": text(method),
                "route": route,
                "calls": calls,
                "failed": tally.failed_by_route[method, route],
            }
            for (method, route), calls in most_first(tally.by_route)
        ],
        "by_client": [
            {
                "client": text(client),
                "calls": calls,
                "failed": tally.failed_by_client[client],
            }
            for client, calls in most_first(tally.by_client)
        ],
        "credentials": {
            "failed_calls": sum(row["failed"] for row in rows),
            "allies_hurt": affected,
            "unknown_ids": [row for row in rows if row["id"] not in known],
            "calls_of_ids_not_told_apart": tally.allies_not_told_apart,
        },
        "not_understood": {
            "shown": [{"line": number, "text": line} for number, line in tally.shown],
            "not_shown": tally.not_understood - len(tally.shown),
        },
    }


def most_first(counter: Any) -> list[tuple[Any, int]]:
    """Return the counts, the biggest first, equal ones by name."""
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))


# --- For people ------------------------------------------------------------------------------
def as_text(report: dict[str, Any], *, top: int = 20) -> Iterator[str]:
    """Yield the report line by line, for a terminal."""
    lines = report["lines"]
    yield _("Lines: %(total)d") % lines
    yield _("  succeeded (status below 400): %(succeeded)d") % lines
    yield _("  failed (status 400 and above): %(failed)d") % lines
    yield _("  not understood: %(not_understood)d") % lines
    if lines["outside_window"]:
        yield _("  outside the time window: %(outside_window)d") % lines
    if report["problem"]:
        yield _("INCOMPLETE: %s") % report["problem"]
    yield ""
    yield _("By status")
    for row in report["by_status"]:
        yield f"  {row['status']}: {row['calls']}"
    yield ""
    yield _("By route (calls, of which failed)")
    route_rows = [(f"{row['method']} {row['route']}".strip(), row) for row in report["by_route"]]
    yield from counted(route_rows, top)
    yield ""
    yield _("By client (calls, of which failed)")
    yield from counted([(row["client"], row) for row in report["by_client"]], top)
    yield ""
    yield from credentials_text(report["credentials"])
    yield from rejects_text(report["not_understood"], top)


def counted(rows: list[tuple[str, dict[str, Any]]], top: int) -> Iterator[str]:
    """Yield the biggest counts, and how many more there are."""
    for name, row in rows[:top]:
        yield f"  {name}: {row['calls']}, {row['failed']}"
    if len(rows) > top:
        yield _("  … and %d more (--json has all)") % (len(rows) - top)


def credentials_text(found: dict[str, Any]) -> Iterator[str]:
    """Yield who was affected."""
    yield _("Failed calls on /allies/{id}/credentials: %(failed_calls)d") % found
    yield _("Allies affected: %d") % len(found["allies_hurt"])
    for row in found["allies_hurt"]:
        yield f"  {row['id']} {row['name']}"
        yield ally_text(row)
        now = _("set") if row["credentials_set"] else _("NOT SET")
        yield _("    credentials now: %s") % now
    yield _("Ids that no ally has: %d") % len(found["unknown_ids"])
    for row in found["unknown_ids"]:
        yield f"  {row['id']}"
        yield ally_text(row)
    if found["calls_of_ids_not_told_apart"]:
        yield _("Calls of further ids: %(calls_of_ids_not_told_apart)d") % found


def ally_text(row: dict[str, Any]) -> str:
    """Return the line about the attempts."""
    recovered = _("yes") if row["later_attempt_succeeded"] else _("no")
    values = {**row, "recovered": recovered}
    return (
        _(
            "    %(failed)d of %(attempts)d attempts failed, first %(first_failure)s,"
            " last %(last_failure)s, a later one succeeded: %(recovered)s"
        )
        % values
    )


def rejects_text(found: dict[str, Any], top: int) -> Iterator[str]:
    """Yield the lines that are not understood."""
    if not found["shown"]:
        return
    yield ""
    yield _("Not understood")
    for row in found["shown"][:top]:
        yield f"  {row['line']}: {row['text']}"
    more = len(found["shown"]) - top + found["not_shown"]
    if more > 0:
        yield _("  … and %d more (--rejects FILE writes all)") % more
