"""Figures: sums over visits, counted again whenever a visit comes, is corrected or declared void.

Sums add up over any of their dimensions; a rate is always a ratio of two of them, never a mean of
ratios. What does not add up (a store visited five times is one store) has a row per month.
Only :mod:`stores.figures.counting` writes these tables.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from stores.constants import FigureScope
from stores.models.establishments import Establishment
from stores.models.products import Product
from stores.models.sums import Histograms, Sums


class DailyFigure(Sums, Histograms):
    """A seller's day in one kind of place. Places are those of the visits, as they were then.

    ``portfolio_version`` is the version's id, 0 where no list was in force: a null could not be
    part of the key. ``first_at`` is when the first visit began.
    """

    day = models.DateField(_("day"))
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("seller"),
    )
    city = models.CharField(_("city"), max_length=5, blank=True)
    region = models.CharField(_("region"), max_length=20, blank=True)
    typology = models.CharField(_("typology"), max_length=20, blank=True)
    portfolio_version = models.BigIntegerField(_("portfolio version"))
    first_at = models.DateTimeField(_("first visit"), null=True)

    class Meta:
        verbose_name = _("daily figure")
        verbose_name_plural = _("daily figures")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "seller", "city", "region", "typology", "portfolio_version"],
                name="stores_daily_figure_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.seller_id}"


class AreaDay(Sums, Histograms):
    """A day of a department, region and typology: few rows, for questions over many days."""

    day = models.DateField(_("day"))
    region = models.CharField(_("region"), max_length=20, blank=True)
    typology = models.CharField(_("typology"), max_length=20, blank=True)
    department = models.CharField(_("department"), max_length=2, blank=True)

    class Meta:
        verbose_name = _("figures of a day")
        verbose_name_plural = _("figures of days")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "region", "typology", "department"],
                name="stores_area_day_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.region} {self.typology}"


class RegionDay(Sums, Histograms):
    """A day of a region and typology: fewer rows still, for what is asked of the whole country."""

    day = models.DateField(_("day"))
    region = models.CharField(_("region"), max_length=20, blank=True)
    typology = models.CharField(_("typology"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("figures of a region's day")
        verbose_name_plural = _("figures of regions' days")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "region", "typology"], name="stores_region_day_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.region} {self.typology}"


class ProductDay(models.Model):
    """In how many visits of a day a product was a must-have, and in how many it was missing."""

    day = models.DateField(_("day"))
    region = models.CharField(_("region"), max_length=20, blank=True)
    typology = models.CharField(_("typology"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=5, blank=True)
    # Products are never deleted, and a check per row costs a fifth of the roll-up.
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        verbose_name=_("product"),
    )
    must_have = models.PositiveIntegerField(_("visits in which it was a must-have"))
    missing = models.PositiveIntegerField(_("visits in which it was missing"))

    class Meta:
        verbose_name = _("product figure of a day")
        verbose_name_plural = _("product figures of days")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "region", "typology", "city", "product"],
                name="stores_product_day_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.product_id}"


class StoreMonth(Sums):
    """A seller's month in one establishment; distinct establishments are counted from these rows.

    ``products`` says of each must-have, by its id as text, in how many visits it was one and in
    how many it was missing: ``{"12": [4, 1]}``. ``last_seen`` has the ids of the products that the
    month's last visit with a list saw, which began at ``last_at``; null without such a visit.
    """

    month = models.DateField(_("first day of the month"))
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("seller"),
    )
    establishment = models.ForeignKey(
        Establishment,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("establishment"),
    )
    city = models.CharField(_("city"), max_length=5, blank=True)
    region = models.CharField(_("region"), max_length=20, blank=True)
    typology = models.CharField(_("typology"), max_length=20, blank=True)
    products = models.JSONField(_("must-haves"), default=dict)
    last_seen = models.JSONField(_("products seen last"), null=True)
    last_at = models.DateTimeField(_("last visit with a list"), null=True)

    class Meta:
        verbose_name = _("store's month")
        verbose_name_plural = _("stores' months")
        indexes: ClassVar = [
            models.Index(
                fields=["month", "region", "typology", "city"], name="stores_store_month_place"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "seller", "establishment", "city", "region", "typology"],
                name="stores_store_month_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.establishment_id}"


class ProductMonth(models.Model):
    """In how many establishments of a month the last visit with a list showed a product.

    ``audited`` counts the establishments with such a visit, ``showing`` those where it saw the
    product: numeric distribution is their ratio. An establishment is where that last visit was.
    """

    month = models.DateField(_("first day of the month"))
    region = models.CharField(_("region"), max_length=20, blank=True)
    typology = models.CharField(_("typology"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=5, blank=True)
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # as of ProductDay
        verbose_name=_("product"),
    )
    audited = models.PositiveIntegerField(_("establishments with a list"))
    showing = models.PositiveIntegerField(_("establishments that show it"))

    class Meta:
        verbose_name = _("product figure of a month")
        verbose_name_plural = _("product figures of months")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "region", "typology", "city", "product"],
                name="stores_product_month_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.product_id}"


class CoverageMonth(models.Model):
    """How many of the assigned establishments of a place were visited in a month.

    An establishment that was assigned on any day of the month counts once, where it is now;
    ``visits`` are those to them. These rows add up over places, not over months. They are counted
    from assignments, too, which change without a visit: an hour may lie between.
    """

    month = models.DateField(_("first day of the month"))
    region = models.CharField(_("region"), max_length=20)
    typology = models.CharField(_("typology"), max_length=20)
    city = models.CharField(_("city"), max_length=5)
    assigned = models.PositiveIntegerField(_("assigned establishments"))
    visited = models.PositiveIntegerField(_("assigned establishments that were visited"))
    visits = models.PositiveIntegerField(_("visits"))

    class Meta:
        verbose_name = _("coverage of a month")
        verbose_name_plural = _("coverage of months")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["month", "region", "typology", "city"],
                name="stores_coverage_month_unique",
            ),
            models.CheckConstraint(
                condition=Q(visited__lte=F("assigned")), name="stores_coverage_month_visited"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.city} {self.typology}"


class FigureMark(models.Model):
    """Figures that must be counted again because those below them were.

    ``area`` is a day of a region and typology, ``seller_month`` a seller's month, ``month`` the
    products of a whole month; what a scope does not need is empty, or 0.
    """

    scope = models.CharField(_("scope"), max_length=12, choices=FigureScope)
    day = models.DateField(_("day"))
    seller_id = models.BigIntegerField(_("seller"), default=0)
    region = models.CharField(_("region"), max_length=20, blank=True, default="")
    typology = models.CharField(_("typology"), max_length=20, blank=True, default="")
    marked_at = models.DateTimeField(_("marked"))

    class Meta:
        verbose_name = _("figures to count")
        verbose_name_plural = _("figures to count")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scope", "day", "seller_id", "region", "typology"],
                name="stores_figure_mark_unique",
            ),
            models.CheckConstraint(
                condition=Q(scope__in=FigureScope.values), name="stores_figure_mark_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.day}"
