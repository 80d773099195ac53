"""A seller with a phone and an establishment; no test finds what another one left in memory."""

import pytest

from core import cases
from stores.services import phones
from stores.sync.pages import pages
from stores.tests.factories import AssignmentFactory, SellerFactory
from stores.tests.helpers_cases import Keeper
from stores.tests.helpers_figures import Field, visited_country


@pytest.fixture(autouse=True)
def _forget_phones():
    phones.remembered.clear()
    pages.kept.clear()
    pages.size = 0


@pytest.fixture
def seller(db):
    return SellerFactory()


@pytest.fixture
def phone(client_for, seller):
    return client_for(seller)


@pytest.fixture
def store(seller):
    return AssignmentFactory(seller=seller).establishment


@pytest.fixture
def keeper(monkeypatch):
    """Support that keeps cases, whatever apps run."""
    made = Keeper()
    monkeypatch.setattr(cases, "keeper", lambda: made)
    return made


@pytest.fixture
def nobody(monkeypatch):
    """Nobody keeps cases, whatever apps run."""
    monkeypatch.setattr(cases, "keeper", lambda: None)


@pytest.fixture
def field():
    """A region with two cities and a list of four products."""
    return Field()


@pytest.fixture
def country(field):
    """Establishments of two departments, visited this month."""
    return visited_country(field)
