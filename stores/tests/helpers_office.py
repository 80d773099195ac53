"""What an office does to the catalogue, as rules of a random history."""

import datetime as dt
import io
import json

from django.core.management import call_command
from django.db.models import Max
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from stores import clock
from stores.constants import State
from stores.models import (
    Assignment,
    Clock,
    Establishment,
    PortfolioVersion,
    Product,
    Visit,
    VisitRevision,
)
from stores.tests.factories import today

PHONES = (0, 1)  # one of each seller

phones = st.sampled_from(PHONES)
numbers = st.integers(0, 1_000)  # picks one of what is there, whatever that is then


def pick(number, things):
    """Return one of the things, in an order that does not change."""
    return things[number % len(things)]


class Office(RuleBasedStateMachine):
    """An administrator; the history that derives from it has the sellers and their visits."""

    @rule(number=numbers)
    def add_product(self, number):
        self.office("POST", "/api/products", {"name": f"Kumis {number}"}, {201})

    @rule(number=numbers, is_retired=st.booleans(), words=st.integers(0, 9))
    def change_product(self, number, is_retired, words):
        product = pick(number, Product.objects.order_by("pk"))
        path = f"/api/products/{product.pk}"
        if is_retired and product.state == State.ACTIVE:
            self.office("DELETE", f"{path}?force=true", None, {204})
        else:
            self.office("PATCH", path, {"name": f"Leche {words}", "state": "active"}, {200})

    @rule(number=numbers, is_closed=st.booleans(), words=st.integers(0, 9))
    def change_store(self, number, is_closed, words):
        store = pick(number, Establishment.objects.order_by("pk"))
        path = f"/api/establishments/{store.pk}"
        if is_closed and store.state == State.ACTIVE:
            self.office("DELETE", path, None, {204})
        else:
            self.office("PATCH", path, {"name": f"Tienda {words}", "state": "active"}, {200})

    @rule(number=numbers, to=phones)
    def assign(self, number, to):
        store = pick(number, Establishment.objects.order_by("pk"))
        body = {"seller": self.sellers[to].user.pk, "establishment": store.pk}
        self.office("POST", "/api/assignments", body, {201, 400, 409})

    @rule(number=numbers)
    def unassign(self, number):
        active = Assignment.objects.active().order_by("pk")
        if active:
            self.office("DELETE", f"/api/assignments/{pick(number, active).pk}", None, {204})

    @rule(number=numbers, giver=phones)
    def reassign(self, number, giver):
        store = pick(number, Establishment.objects.order_by("pk"))
        body = {
            "from": self.sellers[giver].user.pk,
            "to": self.sellers[1 - giver].user.pk,
            "on": today().isoformat(),
        }
        path = f"/api/establishments/{store.pk}/reassign"
        self.office("POST", path, body, {200, 404, 409})

    @rule(count=st.integers(1, 5), days=st.integers(0, 2))
    def publish(self, count, days):
        skus = Product.objects.filter(state=State.ACTIVE).values_list("sku", flat=True)
        if not skus:
            return
        path = f"/api/portfolios/{self.portfolio.pk}"
        valid_from = (today() + dt.timedelta(days=days)).isoformat()
        draft = {"products": list(skus.order_by("pk"))[:count], "valid_from": valid_from}
        self.office("PUT", f"{path}/draft", draft, {200, 201})
        self.office("POST", f"{path}/publish", None, {200, 409})

    @rule()
    def restore_a_backup(self):
        """Go back to a database of before: what phones have seen since is gone, but for them."""
        newest = Product.objects.filter(versions=None).order_by("-pk").first()
        visit = Visit.objects.order_by("received_at", "pk").last()
        if visit is not None:
            VisitRevision.objects.filter(visit_id=visit.pk).delete()
            del self.first[str(visit.pk)]
            self.others.pop(str(visit.pk), None)
        for row in (newest, Assignment.objects.order_by("-pk").first(), visit):
            if row is not None:
                row.delete()
        stamped = (Product, PortfolioVersion, Establishment, Assignment)
        tops = [model.objects.aggregate(top=Max("seq"))["top"] or 0 for model in stamped]
        Clock.objects.filter(key=clock.CATALOGUE).update(seq=max(tops))
        call_command("new_sync_epoch", yes=True, stdout=io.StringIO())

    def office(self, method, path, body, statuses):
        answer = self.admin.generic(
            method, path, json.dumps(body) if body else "", content_type="application/json"
        )
        assert answer.status_code in statuses, (method, path, body, answer.content)
