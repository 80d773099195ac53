"""What all views of patients and studies share: who comes near them is in the journal."""

from collections.abc import Mapping
from typing import Any, cast

from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.serializers import BaseSerializer

from clinic import access, selectors
from clinic.errors import PatientMerged
from clinic.models import Patient, Study
from core.api.query import path_key
from core.api.views import GenericViewSet
from core.audit import journal
from core.errors import NotFound
from core.values import parse_key

REFUSALS = {status.HTTP_401_UNAUTHORIZED, status.HTTP_403_FORBIDDEN, status.HTTP_404_NOT_FOUND}
STUDY_PK = OpenApiParameter("study_pk", int, OpenApiParameter.PATH)
PATIENT_PK = OpenApiParameter("patient_pk", int, OpenApiParameter.PATH)


def as_key(value: str) -> str:
    """Return ``value`` when it is a row's key as the journal writes it, else nothing."""
    try:
        return str(parse_key(value))
    except ValueError:
        return ""


class ClinicViewSet(GenericViewSet):
    """Base: whoever comes near a patient's data, let in or not, is in that patient's journal."""

    def lookup_value(self, value: str) -> int:
        """Return the key: "01" would be a look at patient 1 that no log of hers has."""
        return path_key(value)

    @property
    def patient_id(self) -> int:
        """Return the key of the patient that a nested address begins with."""
        return self.lookup_value(self.kwargs["patient_pk"])

    def reason(self, code: object = "") -> str:
        """Return where this request goes, for the journal."""
        names = self.request.GET if code == "" else ()
        return access.reason_of(self.request.method or "", self.request.path, names, code)

    def on_error(self, error: APIException) -> None:
        """Record who was not let in, and at whose record."""
        access.told(error, reason=self.reason(error.status_code))
        if error.status_code not in REFUSALS:
            return
        patient = as_key(self.kwargs.get("patient_pk", ""))
        key = as_key(self.kwargs.get("study_pk", self.kwargs.get("pk", "")))
        is_study = "study_pk" in self.kwargs or cast("Any", self).queryset.model is Study
        access.refused(
            patient_id=patient if is_study else patient or key,
            study_id=key if is_study else "",
            reason=self.reason(error.status_code),
        )

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # already bytes
        """Render a failure; where a merged patient is asked for, say where the record is now."""
        if isinstance(exc, Http404 | NotFound):
            key = self.kwargs.get("patient_pk", self.kwargs.get("pk", ""))
            is_patient = "patient_pk" in self.kwargs or cast("Any", self).queryset.model is Patient
            if is_patient and (key := as_key(key)):
                survivor = selectors.survivors([int(key)]).get(int(key))
                exc = exc if survivor is None else PatientMerged(survivor)
        return super().handle_exception(exc)

    def journal_read(self, response: Any) -> None:
        """Record who was shown, before the answer leaves."""
        data = getattr(response, "data", None)
        if response.status_code == status.HTTP_200_OK and isinstance(data, Mapping):
            self.record_read(data)

    def record_read(self, data: Mapping[str, Any]) -> None:
        """Record what this view's answer shows."""
        raise NotImplementedError  # a default would answer without an entry in the access log

    def change(self, instance: Any, fields: Mapping[str, Any]) -> None:
        """Change the named fields through the services."""
        raise NotImplementedError  # only the view of a model knows the service that changes it

    def perform_update(self, serializer: BaseSerializer) -> None:
        """Change the row; an answer to a change of nothing is a look at it."""
        instance = cast("Patient | Study", serializer.instance)
        before = journal.snapshot(instance)
        self.change(instance, serializer.validated_data)
        if not journal.diff(before, instance):
            self.record_read({"id": instance.pk, "patient": getattr(instance, "patient_id", None)})
