"""Points of sale, and who visits them."""

import datetime as dt
import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.fields import FoldedField, SearchKeyField
from core.validators import plain_text
from stores.constants import (
    ADDRESS_LENGTH,
    CODE_LENGTH,
    DEFAULT_GEOFENCE_M,
    KEY_LENGTH,
    MAX_GEOFENCE_M,
    NAME_LENGTH,
    SEARCH_LENGTH,
    AssignmentState,
    State,
)
from stores.models.base import Stamped, StampedQuerySet
from stores.models.places import City, Typology
from stores.models.portfolios import Portfolio
from stores.validators import usable_code


def new_code() -> str:
    """Return the business key of an establishment that brought none."""
    return f"E-{secrets.token_hex(5).upper()}"


class Establishment(Stamped):
    """One point of sale. Made inactive, never deleted.

    Its must-have list is that of its typology and its city's region, unless ``portfolio`` names
    another one.
    """

    code = models.CharField(
        _("code"), max_length=CODE_LENGTH, default=new_code, validators=[plain_text, usable_code]
    )
    code_key = FoldedField(source="code", max_length=KEY_LENGTH)
    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[plain_text])
    address = models.CharField(_("address"), max_length=ADDRESS_LENGTH, validators=[plain_text])
    city = models.ForeignKey(City, models.PROTECT, related_name="+", verbose_name=_("city"))
    typology = models.ForeignKey(
        Typology, models.PROTECT, related_name="+", verbose_name=_("typology")
    )
    portfolio = models.ForeignKey(
        Portfolio,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("own portfolio"),
        help_text=_("Empty: the one of its typology and region."),
    )
    lat = models.FloatField(
        _("latitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )
    lon = models.FloatField(
        _("longitude"),
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )
    geofence_m = models.PositiveIntegerField(
        _("radius in metres"),
        default=DEFAULT_GEOFENCE_M,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_GEOFENCE_M)],
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ACTIVE)
    search_key = SearchKeyField(sources=("code", "name", "address"), max_length=SEARCH_LENGTH * 4)

    class Meta:
        verbose_name = _("establishment")
        verbose_name_plural = _("establishments")
        indexes: ClassVar = [
            models.Index(fields=["seq"], name="stores_establishment_seq"),
            models.Index(fields=["name", "id"], name="stores_establishment_name"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code_key"], name="stores_establishment_code_unique"),
            models.CheckConstraint(
                condition=~Q(code_key="") & ~Q(name="") & ~Q(address=""),
                name="stores_establishment_named",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="stores_establishment_state_known"
            ),
            models.CheckConstraint(
                condition=Q(lat__isnull=True, lon__isnull=True)
                | Q(
                    lat__isnull=False,  # a comparison with NULL would pass
                    lon__isnull=False,
                    lat__gte=-90,
                    lat__lte=90,
                    lon__gte=-180,
                    lon__lte=180,
                ),
                name="stores_establishment_on_earth",
            ),
            models.CheckConstraint(
                condition=Q(geofence_m__gte=1, geofence_m__lte=MAX_GEOFENCE_M),
                name="stores_establishment_radius",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class AssignmentQuerySet(StampedQuerySet):
    """Assignments by their period."""

    def active(self) -> "AssignmentQuerySet":
        """Return those whose establishment is on the seller's phone."""
        return self.filter(state=AssignmentState.ACTIVE)

    def covering(self, day: dt.date) -> "AssignmentQuerySet":
        """Return those by which a visit on ``day`` is the seller's.

        The day on which one was ended at once still is; one that was ended before its first day
        covers none.
        """
        began = Q(released_on__isnull=True) | Q(released_on__gte=F("valid_from"))
        lasts = Q(valid_until__isnull=True) | Q(valid_until__gte=day) | Q(released_on=day)
        return self.filter(began, lasts, valid_from__lte=day)


class Assignment(Stamped):
    """Who visits an establishment, from ``valid_from`` to ``valid_until``, both included.

    ``state`` says whether the establishment is on the seller's phone: a task ends what is over.
    ``released_on`` is the day on which somebody ended it at once; the seller's visits of that day
    still count as theirs. Never deleted.
    """

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
        related_name="assignments",
        verbose_name=_("establishment"),
    )
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"), null=True, blank=True)
    state = models.CharField(
        _("state"),
        max_length=6,
        choices=AssignmentState,
        default=AssignmentState.ACTIVE,
        editable=False,
    )
    released_on = models.DateField(_("ended on"), null=True, editable=False)

    objects: ClassVar[Any] = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        indexes: ClassVar = [
            models.Index(fields=["seller", "establishment"], name="stores_assignment_seller"),
            models.Index(fields=["seq"], name="stores_assignment_seq"),
            models.Index(
                fields=["valid_until"],
                name="stores_assignment_due",
                condition=Q(state=AssignmentState.ACTIVE, valid_until__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["seller", "establishment"],
                name="stores_assignment_active_unique",
                condition=Q(state=AssignmentState.ACTIVE),
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="stores_assignment_period",
            ),
            models.CheckConstraint(
                condition=Q(state__in=AssignmentState.values),
                name="stores_assignment_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.establishment_id} → {self.seller_id}"
