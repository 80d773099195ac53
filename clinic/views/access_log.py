"""The route of who looked at a patient."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins

from clinic import access, contract, permissions
from clinic.filters import AccessFilter
from clinic.models import Patient
from clinic.views.base import PATIENT_PK, ClinicViewSet
from core.errors import NotFound
from core.models import JournalEntry
from core.views import JournalEntrySerializer


@extend_schema(parameters=[PATIENT_PK])
class AccessLogViewSet(mixins.ListModelMixin, ClinicViewSet):
    """Who looked at a patient or changed something, newest first; also of archived patients."""

    resource = contract.ACCESS_LOG
    permission_table = permissions.ACCESS_LOG
    queryset = JournalEntry.objects.filter(model=Patient._meta.label)
    serializer_class = JournalEntrySerializer
    filterset_class = AccessFilter
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[JournalEntry]:
        """Narrow to the patient of the address."""
        if not Patient.everything.filter(pk=self.patient_id).exists():
            raise NotFound
        return super().get_queryset().filter(object_id=str(self.patient_id))

    def record_read(self, data: Mapping[str, Any]) -> None:
        """Record who read the log."""
        access.patient_seen(self.patient_id, reason=self.reason())
