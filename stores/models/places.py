"""Where establishments are and of what kind: reference data, written by ``stores.reference``."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.fields import SearchKeyField
from stores.constants import NAME_LENGTH


class Region(models.Model):
    """A commercial region: some departments that are sold to together."""

    code = models.CharField(_("code"), primary_key=True, max_length=20)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    search_key = SearchKeyField(sources=("name",), max_length=NAME_LENGTH * 2)

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A department, by its code in DANE's DIVIPOLA (two digits)."""

    code = models.CharField(_("code"), primary_key=True, max_length=2)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    search_key = SearchKeyField(sources=("name",), max_length=NAME_LENGTH * 2)
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="departments", verbose_name=_("region")
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")

    def __str__(self) -> str:
        return self.name


class City(models.Model):
    """A municipality, by its code in DANE's DIVIPOLA (five digits), and where its seat is."""

    code = models.CharField(_("code"), primary_key=True, max_length=5)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    search_key = SearchKeyField(sources=("name",), max_length=NAME_LENGTH * 2)
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="cities", verbose_name=_("department")
    )
    lat = models.FloatField(_("latitude"))
    lon = models.FloatField(_("longitude"))

    class Meta:
        verbose_name = _("city")
        verbose_name_plural = _("cities")
        indexes = [models.Index(fields=["name", "code"], name="stores_city_name")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(lat__gte=-90, lat__lte=90, lon__gte=-180, lon__lte=180),
                name="stores_city_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Typology(models.Model):
    """A kind of establishment, and how often one is visited."""

    code = models.CharField(_("code"), primary_key=True, max_length=20)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    search_key = SearchKeyField(sources=("name",), max_length=NAME_LENGTH * 2)
    visits_per_month = models.PositiveSmallIntegerField(_("visits per month"), default=4)

    class Meta:
        verbose_name = _("typology")
        verbose_name_plural = _("typologies")

    def __str__(self) -> str:
        return self.name
