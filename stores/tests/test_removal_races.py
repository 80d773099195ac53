"""A seller is removed while their phone pushes and support corrects: nothing personal is left."""

import time

import orjson
import pytest

from core.tests.helpers_threads import together
from stores.models import Visit
from stores.services import corrections, visits
from stores.sync import batch
from stores.tests.factories import AssignmentFactory, VisitFactory
from stores.tests.helpers_push import rows, visit
from users.errors import InvalidToken
from users.models import User
from users.services import remove_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03])
def test_a_push_is_erased_with_the_account_or_comes_too_late(delay):
    assignment = AssignmentFactory()
    seller, store = assignment.seller, assignment.establishment
    stored = VisitFactory(seller=seller, establishment=store)

    def act(number):
        if number == 0:
            time.sleep(delay)
            return remove_user(user=User.objects.get(pk=seller.pk))
        if number == 1:
            return corrections.void_visit(visit=stored, reason="twice")
        body = orjson.dumps(rows(visit(store, note="me atendió Ana")))
        return visits.receive(seller_id=seller.pk, documents=batch.read(body))

    removed, voided, *pushed = together(8, act)
    assert removed is None
    assert isinstance(voided, Visit), voided
    late = [one for one in pushed if isinstance(one, InvalidToken)]
    assert all(isinstance(one, list | InvalidToken) for one in pushed), pushed
    documents = [orjson.loads(doc) for doc in Visit.objects.values_list("doc", flat=True)]
    assert len(documents) == 1 + 6 - len(late)
    assert not any(one.get("note") or one.get("location") for one in documents), documents
