"""Somebody in Tokyo works in the admin: what is stored and reckoned is as for everybody else."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.tests.factories import PatientFactory
from core.audit import journal
from core.context import Actor, acting_as
from core.roles import Role
from stores.models import Assignment
from stores.tests.factories import AssignmentFactory, EstablishmentFactory, SellerFactory
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
ASSIGNMENTS = "/admin/stores/assignment/"
TODAY = dt.date(2026, 11, 27)
NOW = dt.datetime(2026, 11, 27, 20, 30, tzinfo=dt.UTC)  # the 28th, 5:30, in Tokyo


@pytest.fixture(params=["", "Asia/Tokyo"], ids=["here", "tokyo"])
def boss(request, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    client = Client()
    client.zone = request.param
    client.force_login(UserFactory(role=Role.ADMIN, time_zone=request.param))
    return client


def test_an_assignment_begins_and_ends_on_the_platforms_day(boss):
    form = boss.get(f"{ASSIGNMENTS}add/").context["adminform"].form
    assert form.get_initial_for_field(form.fields["valid_from"], "valid_from") == TODAY
    row = AssignmentFactory(valid_from=TODAY)
    answer = boss.post(ASSIGNMENTS, {"action": "end_today", "_selected_action": [str(row.pk)]})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.valid_until, row.released_on) == (TODAY, TODAY)


def test_an_imported_assignment_begins_on_the_platforms_day(boss):
    seller, store = SellerFactory(), EstablishmentFactory()
    content = (
        f"seller,establishment,valid_from,valid_until\n{seller.email},{store.code},,\n".encode()
    )
    file = SimpleUploadedFile("rows.csv", content)
    preview = boss.post(f"{ASSIGNMENTS}import/", {"file": file})
    assert preview.context["problem_count"] == 0, preview.context["outcome"]
    fields = {name: preview.context[name] for name in ("token", "choices", "previewed")}
    body = {**fields, "reason": "ticket 9", "confirm": "1"}
    assert boss.post(f"{ASSIGNMENTS}import/", body).status_code == 302
    assert Assignment.objects.get().valid_from == TODAY


def test_the_overview_is_of_the_platforms_day(boss):
    shown = boss.get("/admin/field/")
    assert shown.status_code == 200
    assert (shown.context["scope"].today, shown.context["scope"].period.last) == (TODAY, TODAY)


def test_who_looked_is_asked_by_the_days_of_whoever_asks(boss):
    patient = PatientFactory()
    with acting_as(Actor("user", 7, "ana@plaza.test"), request="r-1"):
        journal.record(journal.Action.READ, patient, reason=f"GET /api/patients/{patient.pk}")
    page = reverse("admin:clinic_patient_looks", args=[patient.pk])
    for day, zone in (("2026-11-27", ""), ("2026-11-28", "Asia/Tokyo")):
        found = boss.get(page, {"since": day, "until": day}).context["entries"]
        assert any(one.actor_id == 7 for one in found) is (boss.zone == zone)
