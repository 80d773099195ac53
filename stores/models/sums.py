"""What the tables of figures have in common: columns that add up over visits."""

from typing import Any

from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from stores.constants import DELAY_MINUTES, STAY_MINUTES


class Sums(models.Model):
    """Base: what adds up over visits. Void visits and rejected uploads do not count.

    ``audited`` are the visits that were compared with a list; ``compliance_sum`` is the sum of
    their compliances in units of 0.0001. ``timed`` are those of 0 to 4 hours, ``seconds`` their
    sum. ``prompt`` came in within 15 minutes after they began.
    """

    visits = models.PositiveIntegerField(_("visits"))
    done = models.PositiveIntegerField(_("visits done"))
    flagged = models.PositiveIntegerField(_("flagged visits"))
    audited = models.PositiveIntegerField(_("visits with a list"))
    must_have = models.PositiveBigIntegerField(_("must-haves"))
    present = models.PositiveBigIntegerField(_("must-haves seen"))
    compliance_sum = models.PositiveBigIntegerField(_("sum of compliances"))
    seen = models.PositiveBigIntegerField(_("products seen"))
    unrecognised = models.PositiveBigIntegerField(_("items not recognised"))
    timed = models.PositiveIntegerField(_("visits with a duration"))
    seconds = models.PositiveBigIntegerField(_("seconds in establishments"))
    prompt = models.PositiveIntegerField(_("visits received within 15 minutes"))

    class Meta:
        abstract = True


class Histograms(models.Model):
    """Base: how long visits took, and how long they were on their way; percentiles come of both.

    ``stay_13`` are the visits of at most 13 minutes and more than the bound before, 8; all stays
    are ``timed``. ``delay_15`` are those that came in 5 to 15 minutes after they began; all delays
    are ``visits``. Where they are not, the row was counted by a release that knew no histograms.
    """

    class Meta:
        abstract = True


def add_buckets(prefix: str, bounds: tuple[int, ...], label: Any) -> None:
    """Give the base a column per bucket, named by its upper bound."""
    for minutes in bounds:
        # The default is for releases that do not know the column. A check of each would read the
        # whole table when the columns are added.
        column = models.IntegerField(format_lazy(label, minutes=minutes), db_default=0)
        Histograms.add_to_class(f"{prefix}_{minutes}", column)


add_buckets("stay", STAY_MINUTES, _("visits of up to {minutes} min"))
add_buckets("delay", DELAY_MINUTES, _("visits received within {minutes} min"))
