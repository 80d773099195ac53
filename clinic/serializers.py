"""Patients and studies as JSON."""

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db import models
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from clinic.constants import LISTED, REASON_LENGTH, SHOWN_STUDIES, StudyStatus
from clinic.fields import LinesField, UpperCaseField
from clinic.models import Merge, Patient, Study, Version
from clinic.validators import check_status, iso_date
from core.api.newest import CountField, NewestListSerializer
from core.api.serializers import (
    FormSerializer,
    ModelSerializer,
    Serializer,
    StrictCharField,
    StrictIntegerField,
)
from core.validators import plain_text
from core.views import ChangesField


class StrictDateField(serializers.DateField):
    """A date, YYYY-MM-DD and nothing else."""

    pattern = "^(18[5-9][0-9]|19[0-9]{2}|20[0-9]{2})-[0-9]{2}-[0-9]{2}$"

    def to_internal_value(self, value: Any) -> date:
        """Return the date; refuse the other spellings that Python takes."""
        if not isinstance(value, str) or isinstance(value, datetime):
            self.fail("invalid", format="YYYY-MM-DD")
        try:
            return iso_date(value)
        except InvalidValue as error:
            raise serializers.ValidationError(error.message, code=error.code) from error


class UpperCaseCharField(StrictCharField):
    """Text that is stored in upper case."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text in upper case."""
        return super().to_internal_value(data).upper()


class LinesCharField(StrictCharField):
    """Text of several lines."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text with the line ends of one system."""
        return super().to_internal_value(data).replace("\r\n", "\n")


class ReasonField(StrictCharField):
    """Why a record is changed, in the caller's words: kept with what the record said before."""

    def __init__(self, **kwargs: Any) -> None:
        given = {"write_only": True, "required": False, "allow_blank": True, **kwargs}
        super().__init__(max_length=REASON_LENGTH, validators=[plain_text], **given)


class ClinicSerializer(ModelSerializer):
    """Base: strict dates, and the clinic's own kinds of text."""

    serializer_field_mapping = {
        **ModelSerializer.serializer_field_mapping,
        models.DateField: StrictDateField,
        UpperCaseField: UpperCaseCharField,
        LinesField: LinesCharField,
    }


class StudySerializer(ClinicSerializer):
    """A study, as the brief's record."""

    patient = StrictIntegerField(source="patient_id", min_value=1)
    reason = ReasonField()

    class Meta:
        model = Study
        fields: tuple[str, ...] = (
            "id",
            "patient",
            "urgency_level",
            "body_part",
            "description",
            "type",
            "performed_on",
            "status",
            "reason",
        )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a day that does not go with the status, whichever of the two is changed."""
        status = attrs.get("status", getattr(self.instance, "status", StudyStatus.REPORTED))
        day = attrs.get("performed_on", getattr(self.instance, "performed_on", None))
        try:
            check_status(status, day)
        except InvalidValue as error:
            raise serializers.ValidationError(serializers.as_serializer_error(error)) from error
        return attrs


class NestedStudySerializer(StudySerializer):
    """A study at its patient's address: ``patient`` may be repeated, not changed."""

    patient = StrictIntegerField(source="patient_id", min_value=1, required=False)

    def validate_patient(self, value: int) -> int:
        """Refuse to move a study to another patient from here."""
        if value != self.context["view"].patient_id:
            raise serializers.ValidationError(
                _("A study is not moved to another patient at this address."), code="other_patient"
            )
        return value


class PatientSerializer(ClinicSerializer):
    """A patient with their newest studies, and how many there are."""

    studies = NewestListSerializer(child=StudySerializer(), limit=SHOWN_STUDIES)
    studies_count = CountField(of="studies")
    reason = ReasonField()

    class Meta:
        model = Patient
        fields: tuple[str, ...] = (
            "id",
            "first_name",
            "last_name",
            "birth_date",
            "email",
            "studies",
            "studies_count",
            "reason",
        )

    def validate_email(self, value: str | None) -> str | None:
        """Take an empty address for none."""
        return value or None


class NewPatientSerializer(PatientSerializer):
    """A new patient, and which records may be of the same person."""

    possible_duplicates = serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text=_("Keys of other patients.")
    )

    class Meta(PatientSerializer.Meta):
        fields = (*PatientSerializer.Meta.fields, "possible_duplicates")


class MergeSerializer(Serializer):
    """Which record stays, and why; answered with how many studies moved there."""

    id = serializers.IntegerField(source="source_id", read_only=True)
    into = StrictIntegerField(source="into_id", min_value=1)
    studies_moved = serializers.SerializerMethodField()
    reason = ReasonField()

    def get_studies_moved(self, merge: Merge) -> int:
        """Return the number of studies that moved."""
        return len(merge.studies)


class RecordVersionSerializer(ModelSerializer):
    """What one change made of a record: each field with its values before and after."""

    changes = ChangesField(read_only=True)

    class Meta:
        model = Version
        fields = (
            "id",
            "at",
            "actor_kind",
            "actor_id",
            "actor_label",
            "request_id",
            "reason",
            "changes",
        )
        read_only_fields = fields


class KnownPatientSerializer(ClinicSerializer):
    """What SUPPORT sees of a patient: that there is one."""

    initials = serializers.CharField(read_only=True)

    class Meta:
        model = Patient
        fields = ("id", "initials", "created_at")
        read_only_fields = fields


class ImportFilesSerializer(FormSerializer):
    """The multipart body of an import: one file or both."""

    patients = serializers.FileField(required=False, allow_empty_file=True)
    studies = serializers.FileField(required=False, allow_empty_file=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for at least one file."""
        if not attrs:
            raise serializers.ValidationError(
                {"patients": _("Send the file “patients”, the file “studies”, or both.")},
                code="required",
            )
        return attrs


class ListedRowSerializer(Serializer):
    """A row that differs from its record, or did: a correction or an archiving of ours."""

    row = serializers.IntegerField()
    code = serializers.ChoiceField(LISTED)
    column = serializers.CharField(help_text="The columns that differ; empty for a study.")
    id = serializers.IntegerField(
        allow_null=True,
        help_text="The record's; null for a study that an archived patient has not.",
    )


class SheetResultSerializer(Serializer):
    """How many rows of a file did what, and how it was read."""

    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    changed_here = serializers.IntegerField(
        help_text="The record was corrected here and the file still says what it said: left as is."
    )
    archived_here = serializers.IntegerField(
        help_text="The record, or its patient, is archived here: left as it is."
    )
    conflicts = serializers.IntegerField(
        help_text="The record was corrected here and the file changed: left as it is."
    )
    listed = ListedRowSerializer(many=True, help_text="The first 100 of these rows.")
    delimiter = serializers.CharField(help_text="Given, or found out. Empty: no such file.")
    encoding = serializers.CharField(help_text="Given, or found out.")
    date_format = serializers.CharField(help_text="Given, or found out: iso, dmy or mdy.")


class ImportSerializer(Serializer):
    """What an import did, or would do."""

    dry_run = serializers.BooleanField()
    patients = SheetResultSerializer()
    studies = SheetResultSerializer()


class UrgencyTermSerializer(Serializer):
    """An urgency level and FHIR's word for it."""

    code = serializers.CharField()
    name = serializers.CharField()
    fhir_priority = serializers.CharField()


class TypeTermSerializer(Serializer):
    """A type of study and DICOM's code for it."""

    code = serializers.CharField()
    name = serializers.CharField()
    dicom_modality = serializers.CharField()


class StatusTermSerializer(Serializer):
    """How far a study has come."""

    code = serializers.CharField()
    name = serializers.CharField()


class VocabularySerializer(Serializer):
    """The words that studies are described in; body parts are suggestions."""

    urgency_levels = UrgencyTermSerializer(many=True)
    types = TypeTermSerializer(many=True)
    statuses = StatusTermSerializer(many=True)
    body_parts = serializers.ListField(child=serializers.CharField())
