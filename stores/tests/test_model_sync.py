"""A34: phones, a network and the server, in histories that nobody would think of.

hypothesis draws what happens, and cuts a history that fails down to its shortest. Lost, repeated
and late requests, reinstalls, an office that changes its catalogue, a backup that is restored:
whatever happened, phones that get through at last have exactly what the server has, and the server
has each visit once, as it first came.
"""

import json
import uuid
from collections import defaultdict

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.roles import Role
from core.tests.caches import forget_cache
from stores.constants import AssignmentState, State, VersionState
from stores.models import (
    Assignment,
    PortfolioVersion,
    Product,
    RejectedUpload,
    Visit,
    VisitRevision,
)
from stores.tests.factories import (
    AssignmentFactory,
    EstablishmentFactory,
    ProductFactory,
    SellerFactory,
    VersionFactory,
)
from stores.tests.helpers_office import PHONES, Office, numbers, phones, pick
from stores.tests.helpers_phone import CATALOGUE, COLLECTIONS, Phone, said

STEPS = 25
PUSH_ROWS = 4
ROUNDS = 20  # of a phone that gets through: more are a phone that comes to no end

limits = st.integers(1, 7)


class Sync(Office):
    """Two sellers with a phone each, an administrator, and requests that are still on the way."""

    def __init__(self, client_for):
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        forget_cache()
        # Signed in for this history only: all of them take longer than a token lives.
        self.sellers = [client_for(SellerFactory()) for _ in PHONES]
        self.admin = client_for(Role.ADMIN)
        self.phones = [Phone(), Phone()]
        self.on_the_way = []  # pushes of before that may come again: (seller, rows)
        self.first = {}  # visit → (seller, what was said) as it first reached the server
        self.others = defaultdict(set)  # visit → what else was said under its id
        self.rejected = set()
        self.recorded = 0
        products = [ProductFactory(name=f"Leche {number}") for number in range(9)]
        self.portfolio = VersionFactory(products=products[:5], number=1).portfolio
        for phone in PHONES:
            for _ in range(4):
                AssignmentFactory(
                    seller=self.sellers[phone].user, establishment=EstablishmentFactory()
                )

    def teardown(self):
        try:
            self.settle()
        finally:
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    # --- The phone -------------------------------------------------------------------------------
    @rule(phone=phones, store=numbers, seen=st.lists(numbers, max_size=4) | st.none())
    def record(self, phone, store, seen):
        known = sorted(self.phones[phone].copies["establishments"]) or ["999999"]
        self.recorded += 1
        visit = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(self.recorded))),
            "establishment": pick(store, known),
            "captured_at": timezone.localtime().isoformat(),
            "clock_offset_ms": 0,
            "location": None,
            "outcome": "done",
            "note": "",
            "_deleted": False,
        }
        if seen is not None:  # else it is no visit
            visit["seen"] = self.products(seen)
        self.phones[phone].record(visit)

    @precondition(lambda self: any(phone.visits for phone in self.phones))
    @rule(phone=phones, number=numbers, seen=st.lists(numbers, max_size=2))
    def edit(self, phone, number, seen):
        visits = self.phones[phone].visits
        if visits:
            visit = pick(number, list(visits.values())).here
            words = f"{visit.get('note', '')}, {len(seen)}"
            self.phones[phone].record({**visit, "note": words, "seen": self.products(seen)})

    @precondition(lambda self: any(phone.visits for phone in self.phones))
    @rule(phone=phones, number=numbers)
    def purge(self, phone, number):
        visits = self.phones[phone].visits
        if visits:
            visit = pick(number, list(visits.values())).here
            self.phones[phone].record({**visit, "_deleted": True})

    @rule(phone=phones)
    def reinstall(self, phone):
        self.phones[phone] = Phone()

    def products(self, numbers):
        ids = sorted(Product.objects.values_list("pk", flat=True))
        return sorted({pick(number, ids) for number in numbers})

    # --- The network -----------------------------------------------------------------------------
    @rule(
        phone=phones,
        rows=st.integers(1, PUSH_ROWS),
        is_reversed=st.booleans(),
        end=st.sampled_from(["answered", "lost", "refused"]),
    )
    def push(self, phone, rows, is_reversed, end):
        if not self.phones[phone].epoch:
            return  # an app has pulled before there is anything to record
        batch = self.phones[phone].unsent(rows)
        batch = batch[::-1] if is_reversed else batch
        if batch and end != "refused":
            answer = self.deliver(phone, batch)
            if end == "answered":
                self.phones[phone].sent(batch, answer)

    @precondition(lambda self: self.on_the_way)
    @rule(number=numbers)
    def deliver_again(self, number):
        phone, body = pick(number, self.on_the_way)
        self.deliver(phone, json.loads(body))

    @rule(
        phone=phones,
        name=st.sampled_from(COLLECTIONS),
        limit=limits,
        end=st.sampled_from(["kept", "lost", "position lost"]),
    )
    def pull(self, phone, name, limit, end):
        page = self.page(phone, name, limit)
        if page is not None and end != "lost":
            self.phones[phone].pulled(name, page, is_position_saved=end == "kept")

    def page(self, phone, name, limit):
        """Ask for a page. In a new epoch the phone begins anew, and gets nothing this time."""
        mine = self.phones[phone]
        query = {"schema": 1, "limit": limit, **mine.positions.get(name, {})}
        answer = self.sellers[phone].get(f"/api/sync/{name}", query)
        page = answer.json()
        if answer.status_code == 409:
            assert name in CATALOGUE
            assert page["code"] == "resync_required"
            assert page["epoch"] != mine.epoch
            mine.begin_anew(page["epoch"])
            return None
        assert answer.status_code == 200, page
        assert set(page) == {"documents", "checkpoint"}
        assert len(page["documents"]) <= limit
        if page["checkpoint"]["epoch"] != mine.epoch:
            mine.begin_anew(page["checkpoint"]["epoch"])
        return page

    def deliver(self, phone, batch):
        """Let a push reach the server; return its answer, held against what must be said."""
        body = json.dumps(batch)
        self.on_the_way.append((phone, body))
        answer = self.sellers[phone].post(
            "/api/sync/visits?schema=1", body, content_type="application/json"
        )
        assert answer.status_code == 200, answer.content
        masters = {document["id"]: document for document in answer.json()}
        assert len(masters) == len(answer.json())
        for row in batch:
            self.note(
                phone, row["newDocumentState"], masters.pop(row["newDocumentState"]["id"], None)
            )
        assert masters == {}, "an answer is about what was sent"
        return answer.json()

    def note(self, phone, visit, master):
        """Hold the server's word on one visit against what it was told before."""
        pk, words = visit["id"], said(visit)
        assert master != visit, "a document that the phone has is answered by nothing"
        if visit["_deleted"]:
            assert master is None, "a phone may forget what it likes"
        elif "seen" not in visit and pk not in self.first:
            self.rejected.add(pk)
            state = (master or visit)["state"]
            assert state == "rejected"
            assert said(master or visit) == words
        else:
            seller, first = self.first.setdefault(pk, (phone, words))
            assert seller == phone
            if first != words:
                self.others[pk].add(words)
            assert said(master or visit) == first, "what came first stands"
            assert (master or visit)["state"] in {"accepted", "flagged"}

    # --- What must hold --------------------------------------------------------------------------
    @rule()
    def settle(self):
        """Let everybody get through, and compare."""
        for phone in PHONES:
            self.get_through(phone)
            self.compare(phone)
        stored = {
            str(pk): (seller, said(json.loads(doc)))
            for pk, seller, doc in Visit.objects.values_list("pk", "seller_id", "doc")
        }
        users = [api.user.pk for api in self.sellers]
        assert stored == {pk: (users[phone], words) for pk, (phone, words) in self.first.items()}
        revisions = VisitRevision.objects.values_list("visit_id", flat=True)
        assert sorted(map(str, revisions)) == sorted(
            pk for pk, words in self.others.items() for _ in words
        )
        uploads = RejectedUpload.objects.values_list("visit_id", flat=True)
        assert set(map(str, uploads)) == self.rejected

    def get_through(self, phone):
        """Push and pull on a good network, as RxDB does, until nothing is left."""
        while True:
            for _ in range(ROUNDS):
                if batch := self.phones[phone].unsent(PUSH_ROWS):
                    self.phones[phone].sent(batch, self.deliver(phone, batch))
            assert self.phones[phone].unsent(1) == [], "a push comes to an end"
            epoch = self.phones[phone].epoch
            is_through = all(self.pull_all(phone, name, self.phones[phone]) for name in COLLECTIONS)
            if is_through and self.phones[phone].epoch == epoch:
                return

    def pull_all(self, phone, name, into, limit=5):
        """Pull until a page is not full: for RxDB, that is the end. Tell whether it came to it."""
        while (page := self.page(phone, name, limit)) is not None:
            into.pulled(name, page, is_position_saved=True)
            if len(page["documents"]) < limit:
                return True
        return False

    def compare(self, phone):
        """A phone has what a new one gets, and that is what the tables say."""
        mine, self.phones[phone] = self.phones[phone], Phone()
        for name in COLLECTIONS:
            self.pull_all(phone, name, self.phones[phone], limit=500)
        new, self.phones[phone] = self.phones[phone], mine
        assert mine.copies == new.copies
        here = {
            pk: kept.here
            for pk, kept in mine.visits.items()
            if kept.here.get("state") != "rejected" and not kept.here["_deleted"]
        }
        purged = {pk for pk, kept in mine.visits.items() if kept.here["_deleted"]}
        there = {pk: kept.here for pk, kept in new.visits.items() if pk not in purged}
        assert here == there
        seller = self.sellers[phone].user
        stores = Assignment.objects.filter(
            seller=seller, state=AssignmentState.ACTIVE, establishment__state=State.ACTIVE
        )
        assert self.names(mine, "establishments") == dict(
            stores.values_list("establishment__pk", "establishment__name")
        )
        products = Product.objects.filter(state=State.ACTIVE)
        assert self.names(mine, "products") == dict(products.values_list("pk", "name"))
        versions = PortfolioVersion.objects.filter(state=VersionState.PUBLISHED)
        assert {
            int(pk): document["product_ids"] for pk, document in mine.copies["portfolios"].items()
        } == dict(versions.values_list("pk", "product_ids"))

    @staticmethod
    def names(phone, collection):
        return {int(pk): document["name"] for pk, document in phone.copies[collection].items()}


@pytest.mark.long
@pytest.mark.timeout(0)  # `make fuzz` is at it for many minutes
@pytest.mark.django_db
def test_a34_whatever_happens_on_the_way_phones_and_server_agree_at_the_end(client_for, request):
    is_suite = request.config.getoption("--hypothesis-seed") is None
    run_state_machine_as_test(
        lambda: Sync(client_for),
        settings=settings(
            max_examples=100 if is_suite else 2_000,
            derandomize=is_suite,  # the same histories each time; else those of the seed
            stateful_step_count=STEPS,
            database=None,
            deadline=None,  # a busy machine is no fault of a history
            suppress_health_check=list(HealthCheck),
        ),
    )
