"""People of both sides, and a clock that stands."""

import datetime as dt

import pytest
from django.utils import timezone

from cases.tests.factories import SellerFactory, SupporterFactory
from cases.tests.helpers_kinds import Yoghurts, yoghurt_kind
from core import cases, context, signals


@pytest.fixture
def seller(client_for):
    return client_for(SellerFactory())


@pytest.fixture
def support(client_for):
    return client_for(SupporterFactory())


@pytest.fixture
def supporter(db):
    """Somebody of support, who acts in the whole test."""
    user = SupporterFactory()
    with context.acting_as(context.Actor("user", user.pk, user.email, user.role)):
        yield user


@pytest.fixture
def yoghurts(monkeypatch):
    """An app that brings a kind of cases, beside the one that is here."""
    app = Yoghurts()
    kinds = {**cases.kinds(), "yoghurt": yoghurt_kind(app)}
    monkeypatch.setattr(cases, "kinds", lambda: kinds)
    return app


@pytest.fixture
def heard():
    """The ids of cases of which the other apps heard, in order."""
    found = []

    def hear(*, case_id, **_):
        found.append(case_id)

    signals.case_changed.connect(hear)
    yield found
    signals.case_changed.disconnect(hear)


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets the clock, in Bogotá's time."""

    def set_to(text):
        moment = dt.datetime.fromisoformat(f"{text}-05:00")
        monkeypatch.setattr(timezone, "now", lambda: moment)
        return moment

    return set_to
