"""A seller with a phone and an establishment; no test finds what another one left in memory."""

import pytest

from stores.services import phones
from stores.sync.pages import pages
from stores.tests.factories import AssignmentFactory, SellerFactory


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
