"""The routes of patients."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from clinic import access, contract, merging, permissions, selectors, services
from clinic.constants import SHOWN_STUDIES
from clinic.files import exporting, importing
from clinic.filters import KnownPatientFilter, PatientFilter
from clinic.models import Patient, Study
from clinic.serializers import (
    ImportFilesSerializer,
    ImportSerializer,
    KnownPatientSerializer,
    MergeSerializer,
    NewPatientSerializer,
    PatientSerializer,
)
from clinic.views.base import ClinicViewSet
from core.api.files import BOM_PARAMETER, LAYOUT_PARAMETERS, choice_of, layout_of, wants_mark
from core.api.newest import prefetch_newest
from core.api.parsers import MultiPartParser
from core.api.query import parse_bool, refusal
from core.api.renderers import CSVRenderer, JSONRenderer, dumps, etag_of
from core.api.views import ModelViewSet
from core.files import CHOICES
from core.patience import USUAL, wait_at_most
from core.roles import Role

DRY_RUN = OpenApiParameter("dry_run", bool, description="Check and count, but write nothing.")
ON_CONFLICT = OpenApiParameter(
    "on_conflict",
    str,
    enum=importing.ON_CONFLICT,
    default=importing.KEEP,
    description="Whose value a patient gets when it was changed here and in the file.",
)
FILE = OpenApiParameter(
    "file", str, enum=["patients", "studies"], default="patients", description="Which table."
)
DUPLICATES = "possible_duplicates"


def seen_as(*, many: bool) -> PolymorphicProxySerializer:
    """Describe a patient as clinicians or as SUPPORT see it."""
    return PolymorphicProxySerializer(
        component_name="PatientAsSeen",
        serializers=[PatientSerializer, KnownPatientSerializer],
        resource_type_field_name=None,
        many=many,
    )


@extend_schema_view(
    list=extend_schema(responses=seen_as(many=True)),
    retrieve=extend_schema(responses=seen_as(many=False)),
)
class PatientViewSet(ClinicViewSet, ModelViewSet):
    """Patients with their studies. SUPPORT sees that a patient exists: id, initials, since when."""

    resource = contract.PATIENTS
    permission_table = permissions.PATIENTS
    queryset = Patient.objects.prefetch_related(
        prefetch_newest("studies", Study.objects.all(), link="patient", limit=SHOWN_STUDIES)
    )
    serializer_class: type[BaseSerializer] = PatientSerializer
    filterset_class: type[PatientFilter | KnownPatientFilter] = PatientFilter
    search_fields: ClassVar[tuple[str, ...]] = ("search_key",)
    ordering_fields: ClassVar[tuple[str, ...]] = ("id", "last_name", "birth_date", "created_at")
    query_params: ClassVar[Any] = {
        "import_files": ("dry_run", "on_conflict", *CHOICES),
        "export_file": ("file", BOM_PARAMETER.name),
    }
    created: Patient

    def check_permissions(self, request: Request) -> None:
        """Let the caller in; SUPPORT with nothing at hand that would show more than existence."""
        super().check_permissions(request)
        if getattr(request.user, "role", "") == Role.SUPPORT:
            self.queryset = Patient.objects.only("id", "first_name", "last_name", "created_at")
            self.serializer_class = KnownPatientSerializer
            self.filterset_class = KnownPatientFilter
            self.search_fields = ()  # type: ignore[misc]  # of this request
            self.ordering_fields = ("id", "created_at")  # type: ignore[misc]  # of this request

    def record_read(self, data: Mapping[str, Any]) -> None:
        """Record the list and each patient on it, or the one patient."""
        if "results" in data:
            ids = [row["id"] for row in data["results"]]
            access.list_seen(ids, count=len(ids), reason=self.reason())
        else:
            access.patient_seen(data["id"], reason=self.reason())

    def get_queryset(self) -> QuerySet[Patient]:
        """Return the patients; a write shows one, whose studies are read when it is shown."""
        queryset = super().get_queryset()
        return queryset if self.request.method in SAFE_METHODS else queryset.prefetch_related(None)

    @extend_schema(responses={201: NewPatientSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a patient in, and name the records that may be of the same person."""
        response = super().create(request, *args, **kwargs)
        found = selectors.possible_duplicates(self.created)
        if found:
            access.list_seen(found, count=len(found), reason=self.reason())
        response.data = {**response.data, DUPLICATES: found}
        return response

    def as_bytes(self, request: Request, response: Response) -> HttpResponse:
        """Render an answer; a new patient's entity tag is that of the patient alone."""
        plain = super().as_bytes(request, response)
        if plain.has_header("ETag") and DUPLICATES in response.data:
            alone = {name: value for name, value in response.data.items() if name != DUPLICATES}
            plain["ETag"] = etag_of(dumps(alone))
        return plain

    def perform_create(self, serializer: BaseSerializer) -> None:
        """Take the patient in."""
        fields = {**serializer.validated_data}
        fields.pop("reason", None)  # nothing was said before
        self.created = services.create_patient(**fields)
        serializer.instance = self.created

    def change(self, instance: Patient, fields: Mapping[str, Any]) -> None:
        """Change the patient."""
        services.change_patient(patient=instance, **fields)

    def perform_destroy(self, instance: Patient) -> None:
        """Archive the patient and their studies."""
        services.archive_patient(patient=instance)

    @extend_schema(request=MergeSerializer, responses={201: MergeSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """Move a duplicate's studies to another patient, and archive the duplicate."""
        asked = MergeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        done = merging.merge_patients(source_id=self.lookup_value(pk), **asked.validated_data)
        return Response(MergeSerializer(done).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @merge.mapping.delete
    def undo_merge(self, request: Request, pk: str) -> Response:
        """Bring a merged duplicate back, with the studies that it had."""
        merging.undo_merge(source_id=self.lookup_value(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[DRY_RUN, ON_CONFLICT, *LAYOUT_PARAMETERS],
        request={"multipart/form-data": ImportFilesSerializer},
        responses={200: ImportSerializer, 201: ImportSerializer},
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="import",
        url_name="import",
        parser_classes=[MultiPartParser],
    )
    def import_files(self, request: Request) -> Response:
        """Import the brief's CSV files: all rows are checked before any is written.

        What was corrected or archived here stays so, is counted and listed.
        """
        dry_run = parse_bool(request.GET.get("dry_run", "false"), name="dry_run")
        on_conflict = choice_of(request, "on_conflict", importing.ON_CONFLICT)
        layout = layout_of(request)
        upload = ImportFilesSerializer(data=request.data)
        upload.is_valid(raise_exception=True)
        result = importing.import_files(
            **upload.validated_data, dry_run=dry_run, on_conflict=on_conflict, layout=layout
        )
        created = not dry_run and result.patients.created + result.studies.created
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(result.as_dict(), status=code)

    @extend_schema(
        parameters=[FILE, BOM_PARAMETER],
        responses={(200, "text/csv"): OpenApiTypes.STR},
        filters=False,
    )
    @action(
        detail=False,
        url_path="export",
        url_name="export",
        pagination_class=None,
        renderer_classes=[JSONRenderer, CSVRenderer],
    )
    def export_file(self, request: Request) -> StreamingHttpResponse:
        """Export all patients, or all their studies, as a CSV file that imports again."""
        name = request.GET.get("file", "patients")
        if name not in exporting.LINES:
            raise refusal("file", _("Either patients or studies."), "invalid_choice")
        wait_at_most(USUAL)  # all rows are listed and put on record first
        has_mark = wants_mark(request)
        patients = Patient.objects.order_by("pk")
        return exporting.response(patients, name, reason=self.reason(), has_mark=has_mark)
