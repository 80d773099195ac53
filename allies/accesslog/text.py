"""The report for people, in their language."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

MAX_EXAMPLE_CHARACTERS = 100
CLIENTS_OF_AN_ALLY = 5


def as_text(report: dict[str, Any], *, top: int = 20) -> Iterator[str]:
    """Yield the report line by line, for a terminal; what spoils it comes first."""
    lines = report["lines"]
    yield from doubts(report)
    yield _("Lines: %(total)d") % lines
    yield _("  succeeded (status below 400): %(succeeded)d") % lines
    yield _("  failed (status 400 and above): %(failed)d") % lines
    yield _("  not understood: %(not_understood)d") % lines
    if lines["outside_window"]:
        yield _("  outside the time window: %(outside_window)d") % lines
    if lines["without_time"]:
        yield _("  requests without a time, so not in the window: %(without_time)d") % lines
    if lines["structure"]:
        yield _("  no requests (directives, parts of lines): %(structure)d") % lines
    yield ""
    yield from files_text(report["files"])
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
    yield from credentials_text(report["credentials"], top)
    yield from rejects_text(report, top)


def doubts(report: dict[str, Any]) -> Iterator[str]:
    """Yield why the figures may be wrong: unread lines, unknown times, files cut off."""
    for row in report["files"]:
        if row["many_not_understood"]:
            values = {
                "count": row["not_understood"],
                "lines": row["lines"],
                "percent": f"{100 * row['not_understood'] / row['lines']:.1f}",
                "file": row["file"] or "-",
                "examples": " · ".join(
                    f"{one['line']}: {one['text'].strip()[:MAX_EXAMPLE_CHARACTERS]}"
                    for one in row["examples"]
                ),
            }
            yield (
                _(
                    "CAUTION: %(count)d of %(lines)d lines (%(percent)s %%) of %(file)s are not"
                    " understood, such as %(examples)s"
                )
                % values
            )
    if report["lines"]["without_time"]:
        yield (
            _("CAUTION: %(without_time)d requests have no time and were not counted")
            % report["lines"]
        )
    if report["problem"]:
        yield _("INCOMPLETE: %s") % report["problem"]


def files_text(files: list[dict[str, Any]]) -> Iterator[str]:
    """Yield which formats each file has."""
    yield _("Formats")
    for row in files:
        formats = ", ".join(f"{one['format']} ({one['requests']})" for one in row["formats"])
        formats = formats or _("none recognised")
        yield f"  {row['file'] or '-'}: {formats}"
    yield ""


def counted(rows: list[tuple[str, dict[str, Any]]], top: int) -> Iterator[str]:
    """Yield the biggest counts, and how many more there are."""
    for name, row in rows[:top]:
        yield f"  {name}: {row['calls']}, {row['failed']}"
    yield from more(len(rows) - top)


def more(count: int) -> Iterator[str]:
    """Yield how many rows are not shown, if any."""
    if count > 0:
        yield _("  … and %d more (--json has all)") % count


def credentials_text(found: dict[str, Any], top: int) -> Iterator[str]:
    """Yield who was affected."""
    yield _("Failed calls on /allies/{id}/credentials: %(failed_calls)d") % found
    yield _("Allies affected: %d") % len(found["allies_hurt"])
    for row in found["allies_hurt"]:
        yield f"  {row['id']} {row['name']}"
        yield ally_text(row)
        now = _("set") if row["credentials_set"] else _("NOT SET")
        yield _("    credentials now: %s") % now
        yield from causes(row)
    unknown = found["unknown_ids"]
    yield _("Ids that no ally has: %d") % len(unknown)
    for row in unknown[:top]:
        yield f"  {row['id']}"
        yield ally_text(row)
    yield from more(len(unknown) - top)
    if found["calls_of_ids_not_told_apart"]:
        yield (
            _(
                "Calls of further ids that no ally has: %(calls_of_ids_not_told_apart)d,"
                " of which failed: %(failed_calls_of_ids_not_told_apart)d"
            )
            % found
        )


def ally_text(row: dict[str, Any]) -> str:
    """Return the line about the attempts."""
    recovered = _("yes") if row["later_attempt_succeeded"] else _("no")
    values = {**row, "recovered": recovered, **times(row)}
    return (
        _(
            "    %(failed)d of %(attempts)d attempts failed, first %(first_failure)s,"
            " last %(last_failure)s, a later one succeeded: %(recovered)s"
        )
        % values
    )


def times(row: dict[str, Any]) -> dict[str, str]:
    """Return the first and last failure of a row; logs may have no times."""
    return {key: row[key] or _("unknown") for key in ("first_failure", "last_failure")}


def causes(row: dict[str, Any]) -> Iterator[str]:
    """Yield the routes and clients of an ally's failures, the worst first."""
    for one in row["by_route"]:
        yield f"    {one['method']} {one['route']}: {one['failed']} / {one['attempts']}"
    for one in row["by_client"][:CLIENTS_OF_AN_ALLY]:
        values = {**one, **times(one)}
        yield (
            _("    by %(client)s: %(failed)d, first %(first_failure)s, last %(last_failure)s")
            % values
        )
    rest = row["by_client"][CLIENTS_OF_AN_ALLY:]
    failed = sum(one["failed"] for one in rest) + row["failed_of_further_clients"]
    if failed:
        yield _("    by further clients: %d (--json has the worst)") % failed


def rejects_text(report: dict[str, Any], top: int) -> Iterator[str]:
    """Yield the lines that are not understood."""
    found = report["not_understood"]
    if not found["shown"]:
        return
    several = len(report["files"]) > 1
    yield ""
    yield _("Not understood")
    for row in found["shown"][:top]:
        place = f"{row['file']}:{row['line']}" if several else row["line"]
        yield f"  {place}: {row['text']}"
    hidden = len(found["shown"]) - top + found["not_shown"]
    if hidden > 0:
        yield _("  … and %d more (--rejects FILE writes all)") % hidden
