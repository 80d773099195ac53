"""A seller with a phone; each test begins with a process that remembers nothing of phones."""

import pytest

from stores.services import phones
from stores.sync.pages import pages
from stores.tests.factories import SellerFactory


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
