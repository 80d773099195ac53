"""What support is shown of a failure that a seller or the server reported."""

from uuid import uuid4

import pytest
from django.utils import timezone, translation

from stores.case_kinds import KINDS
from stores.models import RejectedUpload, SyncSeen
from stores.tests.factories import PhotoFactory, SellerFactory, VisitFactory
from stores.tests.factories_cases import SellerCaseFactory

pytestmark = pytest.mark.django_db


def facts(case):
    kind = next(kind for kind in KINDS if kind.name == "service_failure")
    with translation.override("en"):
        return {str(label): str(value) for label, value in kind.facts(str(case.pk))}


def test_a_failure_shows_the_visit_its_photos_and_the_phone():
    seller = SellerFactory(email="rosa@example.com")
    visit = VisitFactory(seller=seller, photos_missing=2)
    PhotoFactory(seller=seller, visit_id=visit.pk, receiving=True)
    PhotoFactory(visit_id=visit.pk)  # claimed by another
    SyncSeen.objects.create(
        seller=seller, app_version="3.2.0", backlog=4, last_push_at=timezone.now()
    )
    found = facts(SellerCaseFactory(seller=seller, visit_id=visit.pk))
    assert found.pop("Last push")
    assert found == {
        "Seller": "rosa@example.com",
        "Visit": "accepted",
        "Photos to come": "2",
        "Photos": "arriving",
        "App version": "3.2.0",
        "Visits not sent yet": "4",
    }


def test_a_rejected_upload_shows_what_was_wrong_with_it():
    seller = SellerFactory(email="rosa@example.com")
    upload = RejectedUpload.objects.create(
        seller=seller,
        digest="0" * 64,
        raw="{}",
        problems=[{"field": "seen", "code": "required"}],
        received_at=timezone.now(),
    )
    found = facts(SellerCaseFactory(seller=seller, upload=upload, visit_id=uuid4()))
    assert found == {
        "Seller": "rosa@example.com",
        "Rejected upload": "not processed",
        "What was wrong": "seen: required",
        "Visit": "not here",
        "Phone": "never heard of",
    }


def test_anothers_visit_is_not_shown():
    case = SellerCaseFactory(visit_id=VisitFactory().pk)
    assert facts(case)["Visit"] == "not here"


@pytest.mark.parametrize(
    "object_id", ["", "12", "abc", "0195c1c8-0000-7000-8000-000000000000", "9" * 40]
)
def test_an_object_that_is_none_has_no_facts(object_id):
    kind = next(kind for kind in KINDS if kind.name == "service_failure")
    assert kind.facts(object_id) == []
