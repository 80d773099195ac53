"""Each test begins with a process that remembers nothing of the phones."""

import pytest

from stores.services import phones
from stores.sync.pages import pages


@pytest.fixture(autouse=True)
def _forget_phones():
    phones.remembered.clear()
    pages.kept.clear()
    pages.size = 0
