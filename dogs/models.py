"""Dogs that look for a home, and files on their way to the relay."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import CauseField, FoldedField, SearchKeyField
from core.text import name_key
from core.validators import plain_text
from dogs.constants import (
    KEY_LENGTH,
    NAME_LENGTH,
    RESERVED_NAMES,
    EndReason,
    PictureStatus,
    RelayStatus,
)


def usable_name(value: str) -> None:
    """Refuse names that would not work as the last part of a dog's address (ValidationError)."""
    key = name_key(value)
    if key in RESERVED_NAMES:
        raise ValidationError(_("This name is reserved."), code="reserved")
    if len(key) > KEY_LENGTH:  # one character may fold to eighteen
        raise ValidationError(_("This name is too long."), code="max_length")
    if "/" in value or not key.strip(". "):
        raise ValidationError(_("A name cannot contain '/' or be only dots."), code="invalid")


class Dog(models.Model):
    """One dog. Its name, whatever the case, is its address.

    ``is_adopted`` and ``owner`` say what its open :class:`Adoption` says. A dog that was adopted by
    somebody without an account has no owner; an owner has adopted it.
    ``picture`` is filled by a task: the three ``picture_*`` columns are that work's state.
    """

    name = models.CharField(_("name"), max_length=NAME_LENGTH, validators=[plain_text, usable_name])
    name_key = FoldedField(source="name", max_length=KEY_LENGTH)
    search_key = SearchKeyField(sources=("name",), max_length=KEY_LENGTH)
    picture = models.URLField(_("picture"), max_length=500, blank=True)
    picture_status = models.CharField(
        _("picture status"),
        max_length=7,
        choices=PictureStatus,
        default=PictureStatus.PENDING,
        editable=False,
    )
    picture_attempts = models.PositiveSmallIntegerField(
        _("picture attempts"), default=0, editable=False
    )
    picture_due_at = models.DateTimeField(_("picture due"), default=timezone.now, editable=False)
    picture_error = CauseField(_("why there is no picture yet"))
    create_date = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    is_adopted = models.BooleanField(_("adopted"), default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("owner"),
    )

    class Meta:
        verbose_name = _("dog")
        verbose_name_plural = _("dogs")
        indexes: ClassVar = [
            models.Index(fields=["is_adopted", "id"], name="dogs_adopted"),
            models.Index(
                fields=["picture_due_at"],
                name="dogs_picture_pending",
                condition=models.Q(picture_status=PictureStatus.PENDING),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name_key"], name="dogs_name_unique"),
            models.CheckConstraint(condition=~models.Q(name_key=""), name="dogs_name_not_empty"),
            models.CheckConstraint(
                condition=~models.Q(name_key__in=sorted(RESERVED_NAMES)),
                name="dogs_name_not_reserved",
            ),
            models.CheckConstraint(
                condition=models.Q(picture_status=PictureStatus.READY) & ~models.Q(picture="")
                | models.Q(
                    picture_status__in=[PictureStatus.PENDING, PictureStatus.FAILED], picture=""
                ),
                name="dogs_picture_when_ready",
            ),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=True) | models.Q(is_adopted=True),
                name="dogs_owner_has_adopted",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Adoption(models.Model):
    """One time that a dog found a home; the open one, with no end, is where it lives now.

    On PostgreSQL two triggers (migration 0004) see to it when a transaction ends: a dog whose
    columns were written by hand gets the adoption that they tell of, and an adoption that
    contradicts its dog is refused. The history goes with its dog; the journal keeps both.
    """

    id: models.BigAutoField
    dog = models.ForeignKey(Dog, models.CASCADE, related_name="adoptions", verbose_name=_("dog"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        verbose_name=_("owner"),
    )
    # Empty: before adoptions were kept, so nobody knows.
    adopted_at = models.DateTimeField(
        _("adopted"), default=timezone.now, null=True, blank=True, editable=False
    )
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    end_reason = models.CharField(
        _("why it ended"), max_length=13, choices=EndReason, blank=True, editable=False
    )

    class Meta:
        verbose_name = _("adoption")
        verbose_name_plural = _("adoptions")
        indexes: ClassVar = [models.Index(fields=["dog", "id"], name="dogs_adoption_history")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dog"],
                condition=models.Q(ended_at__isnull=True),
                name="dogs_adoption_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True, end_reason="")
                | models.Q(ended_at__isnull=False, end_reason__in=EndReason.values),
                name="dogs_adoption_ended_with_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True)
                | models.Q(adopted_at__isnull=True)
                | models.Q(ended_at__gte=models.F("adopted_at")),
                name="dogs_adoption_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


FOLDER = "files"


def storage_path(relayed: "RelayedFile", _filename: str) -> str:
    """Store a file under its id: no name from outside reaches the file system."""
    return f"{FOLDER}/{relayed.pk.hex[:2]}/{relayed.pk.hex}"


class RelayedFile(models.Model):
    """A file that was accepted and is passed on to the relay by a task."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=255, editable=False)
    search_key = SearchKeyField(sources=("name",))
    file = models.FileField(_("file"), upload_to=storage_path, max_length=100, editable=False)
    size = models.PositiveBigIntegerField(_("size in bytes"), editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, editable=False)
    status = models.CharField(
        _("status"),
        max_length=7,
        choices=RelayStatus,
        default=RelayStatus.PENDING,
        editable=False,
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    due_at = models.DateTimeField(_("due"), default=timezone.now, editable=False)
    last_error = CauseField(_("why it was not sent yet"))
    remote_name = models.CharField(_("remote name"), max_length=255, blank=True, editable=False)
    created_at = models.DateTimeField(_("received"), default=timezone.now, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("sender"),
        editable=False,
    )

    class Meta:
        verbose_name = _("relayed file")
        verbose_name_plural = _("relayed files")
        indexes: ClassVar = [
            models.Index(fields=["owner", "created_at", "id"], name="dogs_file_owner"),
            models.Index(
                fields=["due_at"],
                name="dogs_file_pending",
                condition=models.Q(status=RelayStatus.PENDING),
            ),
            models.Index(
                fields=["due_at"],
                name="dogs_file_done",
                condition=~models.Q(status=RelayStatus.PENDING),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(status__in=RelayStatus.values), name="dogs_file_status_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name
