"""What the admin's home page shows of stores: from the figures, each bar with its visits."""

import datetime as dt

import pytest
from django.utils import timezone

from core.admin import cards
from core.roles import Role
from core.tests.caches import forget_cache
from stores.models import AreaDay
from stores.tests.factories import VisitFactory
from users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def area(day, **sums):
    names = [
        field.name for field in AreaDay._meta.concrete_fields if field.name not in {"id", "day"}
    ]
    numbers = {
        name: 0
        for name in names
        if AreaDay._meta.get_field(name).get_internal_type() != "CharField"
    }
    return AreaDay.objects.create(day=day, **{**numbers, **sums})


def figure(client, name):
    forget_cache()
    shown = client.get("/admin/").context["figures"]
    forget_cache()
    return next(card for card in shown if card.source.name == name)


def test_a_days_share_is_the_ratio_of_the_sums_and_leads_to_its_visits(client):
    client.force_login(UserFactory(role=Role.ADMIN))
    today = timezone.localdate()
    yesterday = today - dt.timedelta(days=1)
    area(today, region="caribe", visits=1, must_have=10, present=10)
    area(today, region="centro", visits=3, must_have=90, present=0)
    area(yesterday, region="centro", visits=2, must_have=0, present=0)
    visits, shares = figure(client, "stores.visits"), figure(client, "stores.compliance")
    assert [bar["value"] for bar in visits.bars] == [0, 0, 0, 0, 0, 2, 4]
    assert [bar["value"] for bar in shares.bars] == [0, 0, 0, 0, 0, 0, 10]
    mine = VisitFactory(day=today)
    VisitFactory(day=yesterday)
    listed = client.get(visits.bars[-1]["link"])
    assert list(listed.context["cl"].queryset) == [mine]


def test_an_analyst_sees_the_figures_and_no_link_to_visits(client):
    client.force_login(UserFactory(role=Role.ANALYST))
    area(timezone.localdate(), region="centro", visits=3)
    card = figure(client, "stores.visits")
    assert (card.latest, {bar["link"] for bar in card.bars}) == (3, {""})
    assert {Role.ADMIN, Role.ANALYST} == cards.FIGURE_ROLES
