"""The routes of studies, of one patient or of all."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from clinic import access, contract, permissions, selectors, services
from clinic.errors import UnknownPatient
from clinic.filters import PatientStudyFilter, StudyFilter
from clinic.models import Patient, Study
from clinic.serializers import NestedStudySerializer, StudySerializer, VocabularySerializer
from clinic.views.base import ClinicViewSet
from core.api.views import ModelViewSet
from core.errors import NotFound


class StudyRoutes(ClinicViewSet, ModelViewSet):
    """What studies keep at either address."""

    resource = contract.STUDIES
    permission_table = permissions.STUDIES
    queryset = Study.objects.all()
    serializer_class: type[BaseSerializer] = StudySerializer
    filterset_class = StudyFilter
    ordering_fields: ClassVar[Any] = {
        "id": "id",
        "created_at": "created_at",
        "urgency": "-urgency_order",
        "performed_on": "performed_order",
    }

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Add the study to its patient."""
        fields = {**serializer.validated_data}
        fields.pop("reason", None)  # nothing was said before
        serializer.instance = self.add(fields)

    def add(self, fields: dict[str, Any]) -> Study:
        """Add a study to the patient that it names."""
        return services.create_study(**fields)

    def change(self, instance: Study, fields: Mapping[str, Any]) -> None:
        """Change the study."""
        services.change_study(study=instance, **fields)

    def perform_destroy(self, instance: Study) -> None:
        """Archive the study."""
        services.archive_study(study=instance)


class StudyViewSet(StudyRoutes):
    """Studies of all patients."""

    def record_read(self, data: Mapping[str, Any]) -> None:
        """Record the patients whose studies were shown."""
        if "results" in data:
            patients = [row["patient"] for row in data["results"]]
            access.list_seen(patients, count=len(patients), reason=self.reason())
        elif "id" in data:
            access.study_seen(data["id"], data["patient"], reason=self.reason())
        else:
            access.list_seen([], count=0, reason=self.reason())

    @extend_schema(responses=VocabularySerializer, filters=False)
    @action(detail=False, pagination_class=None)
    def vocabulary(self, request: Request) -> Response:
        """Return the words for urgency, types and body parts, with FHIR's and DICOM's codes."""
        return Response(selectors.vocabulary())


class PatientStudyViewSet(StudyRoutes):
    """The studies of one patient."""

    resource = contract.PATIENT_STUDIES
    serializer_class = NestedStudySerializer
    filterset_class = PatientStudyFilter

    def get_queryset(self) -> QuerySet[Study]:
        """Narrow to the patient of the address, who must be there to have a list."""
        if self.action == "list" and not Patient.objects.filter(pk=self.patient_id).exists():
            raise NotFound
        return super().get_queryset().filter(patient_id=self.patient_id)

    def record_read(self, data: Mapping[str, Any]) -> None:
        """Record the patient, even with nothing to show."""
        if "results" in data:
            count = len(data["results"])
            access.list_seen([self.patient_id], count=count, reason=self.reason())
        else:
            access.study_seen(data["id"], self.patient_id, reason=self.reason())

    def add(self, fields: dict[str, Any]) -> Study:
        """Add a study to the patient of the address."""
        try:
            return services.create_study(**{**fields, "patient_id": self.patient_id})
        except UnknownPatient as error:
            raise NotFound from error
