"""What an establishment must have: a list per typology and region, in dated versions."""

import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.fields import SearchKeyField
from core.validators import plain_text
from stores.constants import NAME_LENGTH, VersionState
from stores.models.base import Stamped, StampedQuerySet
from stores.models.places import Region, Typology
from stores.models.products import Product


class Portfolio(models.Model):
    """The must-have list (*infaltables*) of a typology in a region; its versions say since when."""

    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[plain_text])
    search_key = SearchKeyField(sources=("name",), max_length=NAME_LENGTH * 2)
    typology = models.ForeignKey(
        Typology, models.PROTECT, related_name="portfolios", verbose_name=_("typology")
    )
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="portfolios", verbose_name=_("region")
    )

    class Meta:
        verbose_name = _("portfolio")
        verbose_name_plural = _("portfolios")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["typology", "region"], name="stores_portfolio_pair_unique"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="stores_portfolio_named"),
        ]

    def __str__(self) -> str:
        return self.name


class VersionQuerySet(StampedQuerySet):
    """Versions by their period."""

    def in_force(self, day: dt.date) -> "VersionQuerySet":
        """Return the versions that held on a day, also those retired since: one per portfolio."""
        return self.exclude(state=VersionState.DRAFT).filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=day), valid_from__lte=day
        )

    def not_over(self, day: dt.date) -> "VersionQuerySet":
        """Return the drafts, and what is published and holds on a day or will later."""
        lasts = Q(valid_until__isnull=True) | Q(valid_until__gte=day)
        published = Q(state=VersionState.PUBLISHED) & lasts
        return self.filter(Q(state=VersionState.DRAFT) | published)


class PortfolioVersion(Stamped):
    """What a portfolio says from ``valid_from`` to ``valid_until``, both included.

    A draft can change; what is published never does, but for its end. A version that was replaced
    before its first day has ended the day before it: its period is empty.
    """

    portfolio = models.ForeignKey(
        Portfolio, models.CASCADE, related_name="versions", verbose_name=_("portfolio")
    )
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(
        _("state"), max_length=9, choices=VersionState, default=VersionState.DRAFT
    )
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    product_ids = models.JSONField(_("products"), default=list, blank=True, editable=False)
    products: models.ManyToManyField = models.ManyToManyField(
        Product, through="PortfolioItem", related_name="versions", verbose_name=_("products")
    )
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("published by"),
    )

    objects: ClassVar[Any] = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("portfolio version")
        verbose_name_plural = _("portfolio versions")
        indexes: ClassVar = [models.Index(fields=["seq"], name="stores_version_seq")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["portfolio", "number"], name="stores_version_number_unique"
            ),
            models.UniqueConstraint(
                fields=["portfolio"],
                name="stores_version_one_draft",
                condition=Q(state=VersionState.DRAFT),
            ),
            models.UniqueConstraint(
                fields=["portfolio"],
                name="stores_version_one_open",
                condition=Q(state=VersionState.PUBLISHED, valid_until__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["portfolio", "valid_from"],
                name="stores_version_start_unique",
                condition=Q(state=VersionState.PUBLISHED),
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from"))
                | Q(state=VersionState.RETIRED),
                name="stores_version_period",
            ),
            models.CheckConstraint(
                condition=Q(state=VersionState.DRAFT, published_at__isnull=True)
                | Q(
                    state__in=[VersionState.PUBLISHED, VersionState.RETIRED],
                    published_at__isnull=False,
                ),
                name="stores_version_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.portfolio} {self.number}"


class PortfolioItem(models.Model):
    """One product of one version, at its place in the list."""

    version = models.ForeignKey(
        PortfolioVersion, models.CASCADE, related_name="items", db_index=False
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("portfolio item")
        verbose_name_plural = _("portfolio items")
        ordering = ("position", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version", "product"], name="stores_item_product_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.product_id}"
