"""Portfolios and their versions as JSON."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from core.api.serializers import (
    ModelSerializer,
    Serializer,
    StrictCharField,
    StrictPrimaryKeyRelatedField,
)
from core.values import business_day
from stores.constants import VersionState
from stores.models import Portfolio, PortfolioVersion, Region, Typology
from stores.serializers.fields import FixedFields, SkusField, StrictDateField

DATES = [(name, name) for name in ("valid_from", "valid_until")]


class ListedVersionSerializer(ModelSerializer):
    """A version within its portfolio."""

    # The view prefetches its items, each with its `sku`.
    products = serializers.SerializerMethodField(help_text="SKUs, in the order of the list.")

    class Meta:
        model = PortfolioVersion
        fields: tuple[str, ...] = (
            "id",
            "number",
            "state",
            "valid_from",
            "valid_until",
            "products",
        )
        read_only_fields = fields

    def get_products(self, version: Any) -> list[str]:
        """Return the SKUs of the list."""
        return [item.sku for item in version.items.all()]


class VersionSerializer(ListedVersionSerializer):
    """A version, and who published it."""

    class Meta(ListedVersionSerializer.Meta):
        fields = (*ListedVersionSerializer.Meta.fields, "published_at", "published_by")
        read_only_fields = fields


class PortfolioSerializer(FixedFields, ModelSerializer):
    """A portfolio: what holds today, what will later, and the draft, which sellers do not see."""

    # The view prefetches these versions, with their items, into `portfolio.shown`.
    typology = StrictPrimaryKeyRelatedField(read_only=True, pk_field=StrictCharField())
    region = StrictPrimaryKeyRelatedField(read_only=True, pk_field=StrictCharField())
    current = serializers.SerializerMethodField()
    upcoming = serializers.SerializerMethodField()
    draft = serializers.SerializerMethodField()

    class Meta:
        model = Portfolio
        fields = ("id", "name", "typology", "region", "current", "upcoming", "draft")
        fixed_fields = ("typology", "region")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what a draft is for: a list that was sent here would seem to have changed."""
        named = [name for name in ("products", "valid_from") if name in self.initial_data]
        if named:
            text = _("This changes by a draft: PUT …/draft, then publish it.")
            errors = {name: [ErrorDetail(text, code="fixed")] for name in named}
            raise serializers.ValidationError(errors)
        return super().validate(attrs)

    @extend_schema_field(ListedVersionSerializer(allow_null=True))
    def get_current(self, portfolio: Any) -> Any:
        """Return the version in force today, if there is one."""
        today = business_day()
        published = of_state(portfolio, VersionState.PUBLISHED)
        return next((as_listed(one) for one in published if one.valid_from <= today), None)

    @extend_schema_field(ListedVersionSerializer(many=True))
    def get_upcoming(self, portfolio: Any) -> Any:
        """Return the published versions that begin later."""
        today = business_day()
        published = of_state(portfolio, VersionState.PUBLISHED)
        return [as_listed(one) for one in published if one.valid_from > today]

    @extend_schema_field(ListedVersionSerializer(allow_null=True))
    def get_draft(self, portfolio: Any) -> Any:
        """Return the next version as it stands; null for sellers."""
        drafts = of_state(portfolio, VersionState.DRAFT)
        return as_listed(drafts[0]) if drafts else None


def of_state(portfolio: Any, state: VersionState) -> list[PortfolioVersion]:
    """Return those versions of a shown portfolio."""
    return [version for version in portfolio.shown if version.state == state]


def as_listed(version: PortfolioVersion) -> dict[str, Any]:
    """Return a version as it is shown within its portfolio."""
    return dict(ListedVersionSerializer(version).data)


class DraftSerializer(Serializer):
    """What a draft is to say."""

    products = SkusField()
    valid_from = StrictDateField(required=False, help_text="Today unless given.")


class NewPortfolioSerializer(DraftSerializer, ModelSerializer):
    """A new portfolio with its first draft."""

    typology = StrictPrimaryKeyRelatedField(
        queryset=Typology.objects.all(), pk_field=StrictCharField()
    )
    region = StrictPrimaryKeyRelatedField(queryset=Region.objects.all(), pk_field=StrictCharField())

    class Meta:
        model = Portfolio
        fields = ("name", "typology", "region", "products", "valid_from")


class RetireSerializer(Serializer):
    """When a version is to end."""

    on = StrictDateField(required=False, help_text="Its last day; today unless given.")


class DateChangeSerializer(Serializer):
    """A day that differs between two versions."""

    field = serializers.ChoiceField(choices=DATES)
    # `from` is a word of Python's.
    vars()["from"] = serializers.DateField(allow_null=True)
    to = serializers.DateField(allow_null=True)


class DiffSerializer(Serializer):
    """What one version has that another has not."""

    added = serializers.ListField(child=serializers.CharField(), help_text="SKUs.")
    removed = serializers.ListField(child=serializers.CharField(), help_text="SKUs.")
    changed = DateChangeSerializer(many=True)
