"""Pages that no list of addresses has: home by role, each card, what is asked for, the API."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from benchmarks.admin.measuring import GOAL_MS, Page
from benchmarks.admin.pages import NOWHERE, Address
from benchmarks.overview import PAGES as OVERVIEWS

CARD_GOAL_MS, HOME_GOAL_MS = 50.0, 150.0
QUESTIONS = (
    "group_by=region,typology",
    "group_by=day",
    "group_by=city",
    "group_by=product&typology=minimarket&department=05",
    "group_by=region,typology&format=csv",
)


def cards() -> Iterator[Page]:
    """Yield each card of the home page as if it were a page."""
    from core.admin import cards

    def asks(question: Any) -> Any:
        def ask() -> int:
            question()
            return 200

        return ask

    for one in cards.attention():
        yield Page(f"card: {one.name}", asks(one.count), CARD_GOAL_MS)
    for figure in cards.of_apps("FIGURES"):
        yield Page(f"card: {figure.name}", asks(figure.points), CARD_GOAL_MS)


def homes(opened: Any) -> Iterator[Page]:
    """Yield the home page of each role: with nothing kept in the cache, and with all of it."""
    from django.core.cache import cache

    for role, open_as in opened.items():
        opens = open_as(Address("", "/admin/"))
        yield Page(f"home: {role}, cold", opens, HOME_GOAL_MS, cache.clear)
        yield Page(f"home: {role}, warm", opens, HOME_GOAL_MS)


def asked(user: Any, days: tuple[str, str]) -> Iterator[Address]:
    """Yield what support and managers ask of pages: the journal, who looked, search, overview."""
    from django.urls import reverse

    from clinic.models import Patient
    from core.jobs.work import registry
    from core.models import JournalEntry

    newest = JournalEntry.objects.order_by("-pk")
    # pk is some line of half a year ago, of a request.
    half = JournalEntry.objects.filter(
        pk__gte=newest.values_list("pk", flat=True)[0] // 2, actor_kind="user"
    )
    entry = half.exclude(object_id="").order_by("pk")[0]
    patient = Patient.objects.order_by("pk")[0]
    journal = reverse("admin:core_journalentry_changelist")
    hour = dt.timedelta(hours=1)
    ranges = {
        "half a year ago, a day": (entry.at, entry.at + 24 * hour),
        "half a year ago, an hour": (entry.at, entry.at + hour),
        "before there was any": (entry.at - 9000 * hour, entry.at - 8000 * hour),
        "all but the last month": (entry.at - 9000 * hour, entry.at + 3600 * hour),
    }
    queries = {
        "by request": {"request": entry.request_id},
        "by no request": {"request": NOWHERE},
        "search of an object's id": {"q": entry.object_id},
        "search of a person": {"q": user.email},
        "rare action of rare model": {"action__exact": "export", "model": "clinic.Patient"},
        "no such combination": {"action__exact": "export", "model": "dogs.Dog"},
        "actions of tasks on patients": {"actor_kind": "task", "model": "clinic.Patient"},
        "commands": {"actor_kind": "command"},
        **{
            f"by days: {name}": {"at__gte": str(begin), "at__lt": str(end)}
            for name, (begin, end) in ranges.items()
        },
        "refused, half a year ago, a day": {
            "action__exact": "refused",
            "at__gte": str(entry.at),
            "at__lt": str(entry.at + 24 * hour),
        },
    }
    for name, query in queries.items():
        yield Address(f"journal: {name}", f"{journal}?{urlencode(query)}")
    looks = reverse("admin:clinic_patient_looks", args=[patient.pk])
    since, until = days
    for name, query in {
        "of a month": {"since": since, "until": until},
        "of a month, half a year ago": {
            "since": str(entry.at.date()),
            "until": str((entry.at + 720 * hour).date()),
        },
        "by a person": {"person": "clinician101"},
        "by nobody": {"person": NOWHERE},
        "as CSV, first lines": {"csv": "1"},
    }.items():
        yield Address(f"who looked at patient 1: {name}", f"{looks}?{urlencode(query)}")
    searched = (
        *(user.email, "seller77", "EST-4", "Dog-1", "ally-7", "C-5000", "H-77", entry.request_id),
        *(str(entry.object_id), "9" * 40, "SKU-5", "a" * 200, NOWHERE),
    )
    for text in searched:
        yield Address(f"search: {text[:40]}", f"/admin/search/?{urlencode({'s': text})}")
    for work in registry:
        yield Address(
            f"background: {work.task}", reverse("admin:background_kind", args=[work.task])
        )
    for query in OVERVIEWS:
        path = f"/admin/field/?from={since}&to={until}{query}"
        yield Address(f"overview of the field: {query or 'the country'}", path)


def of_the_api(user: Any, days: tuple[str, str]) -> Iterator[Page]:
    """Yield what an analyst's programs ask: figures, and the journal."""
    from rest_framework.test import APIClient

    from core.models import JournalEntry

    client = APIClient(headers={"host": "127.0.0.1"})
    client.force_authenticate(user)
    entry = JournalEntry.objects.order_by("pk")[0]
    paths = {
        f"figures: {one}": f"/api/stores/figures?from={days[0]}&to={days[1]}&{one}"
        for one in QUESTIONS
    }
    later = str(entry.at + dt.timedelta(days=1)).replace("+00:00", "Z").replace(" ", "T")
    for query in (
        "",
        "actor_id=101",
        "action=export",
        f"model=clinic.Patient&object_id={NOWHERE}",
        f"object_id={NOWHERE}",
        f"request_id={entry.request_id or NOWHERE}",
        f"at__lt={later}",
    ):
        paths[f"journal: {query or 'newest'}"] = f"/api/journal?{query}"

    def opens(path: str) -> Any:
        def open_it() -> int:
            return client.get(path).status_code

        return open_it

    for name, path in paths.items():
        yield Page(f"API, {name}", opens(path), GOAL_MS)
