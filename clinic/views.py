"""The routes of patients, their studies, and who looked at them."""

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from clinic import access, contract, merging, permissions, selectors, services
from clinic.constants import SHOWN_STUDIES
from clinic.errors import PatientMerged, UnknownPatient
from clinic.files import exporting, importing
from clinic.filters import (
    AccessFilter,
    KnownPatientFilter,
    PatientFilter,
    PatientStudyFilter,
    StudyFilter,
    VersionFilter,
)
from clinic.models import Patient, Study, Version
from clinic.serializers import (
    ImportFilesSerializer,
    ImportSerializer,
    KnownPatientSerializer,
    MergeSerializer,
    NestedStudySerializer,
    NewPatientSerializer,
    PatientSerializer,
    RecordVersionSerializer,
    StudySerializer,
    VocabularySerializer,
)
from core.api.files import (
    BOM_PARAMETER,
    LAYOUT_PARAMETERS,
    choice_of,
    layout_of,
    wants_mark,
)
from core.api.newest import prefetch_newest
from core.api.parsers import MultiPartParser
from core.api.query import parse_bool, path_key, refusal
from core.api.renderers import CSVRenderer, JSONRenderer, dumps, etag_of
from core.api.views import GenericViewSet, ModelViewSet
from core.audit import journal
from core.errors import NotFound
from core.files import CHOICES
from core.models import JournalEntry
from core.roles import Role
from core.values import parse_key
from core.views import JournalEntrySerializer

REFUSALS = {status.HTTP_401_UNAUTHORIZED, status.HTTP_403_FORBIDDEN, status.HTTP_404_NOT_FOUND}
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
STUDY_PK = OpenApiParameter("study_pk", int, OpenApiParameter.PATH)
PATIENT_PK = OpenApiParameter("patient_pk", int, OpenApiParameter.PATH)


def as_key(value: str) -> str:
    """Return ``value`` when it is a row's key as the journal writes it, else nothing."""
    try:
        return str(parse_key(value))
    except ValueError:
        return ""


def seen_as(*, many: bool) -> PolymorphicProxySerializer:
    """Describe a patient as clinicians or as SUPPORT see it."""
    return PolymorphicProxySerializer(
        component_name="PatientAsSeen",
        serializers=[PatientSerializer, KnownPatientSerializer],
        resource_type_field_name=None,
        many=many,
    )


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
        has_mark = wants_mark(request)
        patients = Patient.objects.order_by("pk")
        return exporting.response(patients, name, reason=self.reason(), has_mark=has_mark)


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
