"""The routes of what patients and studies said before."""

from collections.abc import Mapping
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins

from clinic import access, contract, permissions
from clinic.filters import VersionFilter
from clinic.models import Patient, Study, Version
from clinic.serializers import RecordVersionSerializer
from clinic.views.base import PATIENT_PK, STUDY_PK, ClinicViewSet
from core.errors import NotFound


class VersionRoutes(mixins.ListModelMixin, ClinicViewSet):
    """What a record said before each change, newest first; also of archived records."""

    permission_table = permissions.VERSIONS
    queryset = Version.objects.all()
    serializer_class = RecordVersionSerializer
    filterset_class = VersionFilter
    ordering = ("-id",)


@extend_schema(parameters=[PATIENT_PK])
class PatientVersionViewSet(VersionRoutes):
    """What a patient's record said before."""

    resource = contract.PATIENT_VERSIONS

    def get_queryset(self) -> QuerySet[Version]:
        """Narrow to the patient of the address."""
        if not Patient.everything.filter(pk=self.patient_id).exists():
            raise NotFound
        return super().get_queryset().filter(patient_id=self.patient_id)

    def record_read(self, data: Mapping[str, Any]) -> None:
        """Record who read what the record said."""
        access.patient_seen(self.patient_id, reason=self.reason())


@extend_schema(parameters=[STUDY_PK])
class StudyVersionViewSet(VersionRoutes):
    """What a study said before."""

    resource = contract.STUDY_VERSIONS

    def get_queryset(self) -> QuerySet[Version]:
        """Narrow to the study of the address."""
        self.study = Study.everything.filter(pk=self.lookup_value(self.kwargs["study_pk"])).first()
        if self.study is None:
            raise NotFound
        return super().get_queryset().filter(study=self.study)

    def record_read(self, data: Mapping[str, Any]) -> None:
        """Record who read what the study said."""
        study = cast("Study", self.study)
        access.study_seen(study.pk, study.patient_id, reason=self.reason())
