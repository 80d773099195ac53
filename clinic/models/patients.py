"""Patients, and the ids that files know them by."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.constants import (
    EMAIL_LENGTH,
    EXTERNAL_ID_LENGTH,
    NAME_LENGTH,
    OLDEST_BIRTH_DATE,
    SEARCH_LENGTH,
)
from clinic.models.base import ARCHIVED, PRESENT, Archivable
from clinic.validators import possible_birth_date
from core.fields import EmailKeyField, SearchKeyField
from core.validators import plain_email, plain_text

NO_EMAIL = models.Q(email__isnull=True, email_key__isnull=True)
WITH_EMAIL = models.Q(email__isnull=False, email_key__isnull=False)


def new_external_id() -> str:
    """Return an id for files that no file has used yet."""
    return f"plaza-{uuid.uuid4().hex}"


class Patient(Archivable):
    """One patient. ``external_id`` is what files call it (the column ``id`` of the brief).

    Not everybody has an e-mail address of their own, or two names. ``merged_into`` is the record
    that this one turned out to be a duplicate of; this one is archived then.
    """

    journal_secret = ("first_name", "last_name", "birth_date", "email", "email_key", "search_key")

    first_name = models.CharField(_("first name"), max_length=NAME_LENGTH, validators=[plain_text])
    last_name = models.CharField(
        _("last name"), max_length=NAME_LENGTH, blank=True, default="", validators=[plain_text]
    )
    birth_date = models.DateField(_("birth date"), validators=[possible_birth_date])
    email = models.EmailField(
        _("e-mail"),
        max_length=EMAIL_LENGTH,
        null=True,
        blank=True,
        validators=[plain_email],
    )
    email_key = EmailKeyField(source="email", max_length=EMAIL_LENGTH, null=True)
    search_key = SearchKeyField(
        sources=("first_name", "last_name", "email"), max_length=SEARCH_LENGTH * 4
    )
    external_id = models.CharField(
        _("id in files"),
        max_length=EXTERNAL_ID_LENGTH,
        default=new_external_id,
        validators=[plain_text],
        editable=False,
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        related_name="merged",
        null=True,
        editable=False,
        db_index=False,  # a partial one serves: few are merged
        verbose_name=_("merged into"),
    )

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        base_manager_name = "everything"
        indexes: ClassVar = [
            # Files name archived patients, too, whom the unique one leaves out.
            models.Index(fields=["external_id"], name="clinic_patient_external"),
            models.Index(fields=["last_name", "id"], name="clinic_patient_name", condition=PRESENT),
            models.Index(
                fields=["birth_date", "id"], name="clinic_patient_born", condition=PRESENT
            ),
            models.Index(
                fields=["created_at", "id"], name="clinic_patient_made", condition=PRESENT
            ),
            models.Index(
                fields=["email_key"], name="clinic_patient_email_archived", condition=ARCHIVED
            ),
            models.Index(
                fields=["merged_into"],
                name="clinic_patient_merged",
                condition=models.Q(merged_into__isnull=False),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["email_key"], name="clinic_patient_email_unique", condition=PRESENT
            ),
            models.UniqueConstraint(
                fields=["external_id"], name="clinic_patient_external_unique", condition=PRESENT
            ),
            models.CheckConstraint(condition=~models.Q(first_name=""), name="clinic_patient_named"),
            models.CheckConstraint(
                condition=NO_EMAIL | WITH_EMAIL & ~models.Q(email="") & ~models.Q(email_key=""),
                name="clinic_patient_email_not_empty",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into__isnull=True)
                | ARCHIVED & ~models.Q(merged_into=models.F("id")),
                name="clinic_patient_merged_away",
            ),
            models.CheckConstraint(
                condition=~models.Q(external_id=""), name="clinic_patient_external_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(birth_date__gte=OLDEST_BIRTH_DATE),
                name="clinic_patient_birth_date_possible",
            ),
        ]

    @property
    def initials(self) -> str:
        """Return as much of the name as SUPPORT may see."""
        return "".join(f"{name[:1]}." for name in (self.first_name, self.last_name) if name)
