"""Days as tests speak of them."""

import datetime as dt

from stores.tests.factories import today


def day(offset=0):
    """Return the day that is so many days after today."""
    return today() + dt.timedelta(days=offset)


def iso(offset=0):
    """Return the same as JSON has it."""
    return day(offset).isoformat()
