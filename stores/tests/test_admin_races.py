"""What two people press at once in the admin: one is served, the other one hears why not."""

import hashlib

import orjson
import pytest
from django.utils import timezone

from core.roles import Role
from core.tests.helpers_threads import together
from stores.models import Assignment, PortfolioVersion, Product, RejectedUpload, Visit
from stores.services import portfolios
from stores.tests.factories import (
    AssignmentFactory,
    PortfolioFactory,
    ProductFactory,
    SellerFactory,
    VersionFactory,
    VisitFactory,
)
from stores.tests.helpers_admin import ADMIN, act, done, history_of, signed_in
from stores.tests.helpers_dates import iso
from stores.tests.helpers_push import visit

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def both(clients, press):
    """Let each press at once; return what they are told, in order of the texts."""
    return sorted(together(len(clients), lambda number: press(clients[number])))


@pytest.fixture
def bosses():
    return [signed_in(), signed_in()]


# A2
def test_of_two_who_publish_one_finds_no_draft(bosses):
    portfolio = PortfolioFactory()
    VersionFactory(number=1)
    ProductFactory(sku="KUM-200")
    portfolios.write_draft(portfolio=portfolio, products=["KUM-200"])
    path = f"{ADMIN}portfolio/{portfolio.pk}/publish/"
    data = {"confirm": "1", "previewed": bosses[0].get(path).context["previewed"]}
    told = both(bosses, lambda boss: done(boss.post(path, data)))
    assert told == [["The portfolio has no draft."], ["Version 2 published."]]
    assert PortfolioVersion.objects.filter(state="published").count() == 2


def test_two_who_end_the_same_assignments_end_each_once(bosses):
    given = AssignmentFactory.create_batch(5)
    path = f"{ADMIN}assignment/"
    both(bosses, lambda boss: act(boss, path, "end_today", *given))
    assert not Assignment.objects.active().exists()
    assert all(len(history_of(row)) == 1 for row in given)


def test_two_who_retire_the_same_products_retire_each_once(bosses):
    products = ProductFactory.create_batch(5)
    both(bosses, lambda boss: act(boss, f"{ADMIN}product/", "make_inactive", *products))
    assert not Product.objects.filter(state="active").exists()
    assert all(len(history_of(row)) == 1 for row in products)


def test_two_who_reassign_give_it_to_one(bosses):
    given = AssignmentFactory()
    path = f"{ADMIN}establishment/{given.establishment_id}/reassign/"
    forms = []
    for boss in bosses:
        data = {"former": given.seller_id, "to": SellerFactory().email, "on": iso()}
        seal = boss.post(path, data).context["previewed"]
        forms.append({**data, "previewed": seal, "confirm": "1"})
    told = together(2, lambda number: done(bosses[number].post(path, forms[number])))
    assert ["The seller does not have this establishment."] in told
    assert Assignment.objects.active().count() == 1


def test_two_who_declare_a_visit_void_do_it_once():
    row = VisitFactory()
    clients = [signed_in(Role.SUPPORT), signed_in(Role.SUPPORT)]
    path = f"{ADMIN}visit/{row.pk}/void/"
    both(clients, lambda client: done(client.post(path, {"reason": "a test"})))
    assert Visit.objects.get().state == "void"
    assert len(history_of(row)) == 1


def test_two_who_process_an_upload_make_one_visit():
    given = AssignmentFactory()
    raw = orjson.dumps(visit(given.establishment)).decode()
    upload = RejectedUpload.objects.create(
        seller=given.seller,
        digest=hashlib.sha256(raw.encode()).hexdigest(),
        raw=raw,
        received_at=timezone.now(),
    )
    clients = [signed_in(Role.SUPPORT), signed_in(Role.SUPPORT)]
    path = f"{ADMIN}rejectedupload/"
    told = both(clients, lambda client: act(client, path, "process_again", upload))
    assert sum("id_taken" in text for [text] in told) == 1
    assert Visit.objects.count() == 1
    assert len(history_of(upload)) == 1
