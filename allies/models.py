"""Allied stores and the credentials that we use with the partner in their name."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from allies.constants import ID_LENGTH, MAX_AMOUNT_PESOS, NAME_LENGTH, REASON_LENGTH, RESERVED_IDS
from allies.expressions import IsTagList, IsTextList
from allies.values import read_origins, read_tags, usable_id
from core.fields import SearchKeyField
from core.validators import plain_text


def new_id() -> str:
    """Return the id of an ally that brought none."""
    return str(uuid.uuid4())


class Ally(models.Model):
    """One store. Its id is a text: partners bring their own.

    ``tags`` is a JSON list of texts in their one spelling (``values.normal_tag``); PostgreSQL has a
    GIN index on it (migration 0002). Amounts are whole pesos; no ``max_amount`` means no limit.
    """

    id = models.CharField(
        _("id"), primary_key=True, max_length=ID_LENGTH, default=new_id, validators=[usable_id]
    )
    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[plain_text])
    brand_owner = models.CharField(
        _("brand owner"), max_length=NAME_LENGTH, blank=True, default="", validators=[plain_text]
    )
    search_key = SearchKeyField(sources=("name", "id", "brand_owner"))
    tags = models.JSONField(_("tags"), default=list, blank=True, validators=[read_tags])
    discount = models.DecimalField(
        _("discount in percent"),
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    min_amount = models.PositiveBigIntegerField(
        _("smallest amount"), default=0, validators=[MaxValueValidator(MAX_AMOUNT_PESOS)]
    )
    max_amount = models.PositiveBigIntegerField(
        _("largest amount"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_AMOUNT_PESOS)],
        help_text=_("Empty: no limit."),
    )
    allowed_origins = models.JSONField(
        _("allowed origins"), default=list, blank=True, validators=[read_origins]
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("ally")
        verbose_name_plural = _("allies")
        indexes: ClassVar = [models.Index(fields=["name", "id"], name="allies_ally_name")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(id="") & ~models.Q(id__in=sorted(RESERVED_IDS)),
                name="allies_ally_id_usable",
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="allies_ally_name_present"),
            models.CheckConstraint(condition=IsTextList("tags"), name="allies_ally_tags_list"),
            models.CheckConstraint(condition=IsTagList("tags"), name="allies_ally_tags_spelled"),
            models.CheckConstraint(
                condition=IsTextList("allowed_origins"), name="allies_ally_origins_list"
            ),
            models.CheckConstraint(
                condition=models.Q(discount__gte=0, discount__lte=100),
                name="allies_ally_discount_percent",
            ),
            models.CheckConstraint(
                condition=models.Q(max_amount__isnull=True)
                | models.Q(max_amount__gte=models.F("min_amount")),
                name="allies_ally_amounts_ordered",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Store tags and origins in their one spelling."""
        super().clean()
        self.tags = read_tags(self.tags)
        self.allowed_origins = read_origins(self.allowed_origins)


class KeyFingerprint(models.Model):
    """Which key of ``CREDENTIALS_KEYS`` an id stands for; see allies.credentials.fingerprints."""

    key_id = models.CharField(_("key"), max_length=32, primary_key=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    created_at = models.DateTimeField(_("first used"), auto_now_add=True)

    class Meta:
        verbose_name = _("key fingerprint")
        verbose_name_plural = _("key fingerprints")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(key_id="") & ~models.Q(fingerprint=""),
                name="allies_fingerprint_complete",
            ),
        ]

    def __str__(self) -> str:
        return self.key_id


class AllyCredential(models.Model):
    """One version of an ally's user name and password at the partner.

    Both are sealed (see allies.credentials.crypto).

    New credentials make a new version. Former ones stay valid until they are revoked; the current
    ones are the newest that are not revoked.
    """

    journal_secret = ("user_sealed", "password_sealed", "data_key")

    id: models.BigAutoField
    ally = models.ForeignKey(
        Ally, models.CASCADE, related_name="credentials", verbose_name=_("ally")
    )
    version = models.PositiveIntegerField(_("version"), editable=False)
    is_current = models.BooleanField(_("current"), default=True, editable=False)
    key_id = models.CharField(_("key"), max_length=32, editable=False)
    data_key = models.BinaryField(editable=False)
    user_sealed = models.BinaryField(editable=False)
    password_sealed = models.BinaryField(editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("added by"),
    )
    request_id = models.CharField(_("request id"), max_length=64, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("revoked by"),
    )
    revoked_request_id = models.CharField(
        _("request id of the revocation"), max_length=64, blank=True, editable=False
    )
    revoked_reason = models.CharField(
        _("reason"), max_length=REASON_LENGTH, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("credentials")
        verbose_name_plural = _("credentials")
        indexes: ClassVar = [
            models.Index(fields=["key_id", "id"], name="allies_credential_key"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ally", "version"], name="allies_credential_version_unique"
            ),
            models.UniqueConstraint(
                fields=["ally"],
                condition=models.Q(is_current=True),
                name="allies_credential_one_current",
            ),
            models.CheckConstraint(
                condition=models.Q(version__gte=1), name="allies_credential_version_from_1"
            ),
            models.CheckConstraint(
                condition=models.Q(is_current=False) | models.Q(revoked_at__isnull=True),
                name="allies_credential_current_not_revoked",
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True) | ~models.Q(revoked_reason=""),
                name="allies_credential_revoked_with_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(key_id=""), name="allies_credential_key_named"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ally_id} v{self.version}"
