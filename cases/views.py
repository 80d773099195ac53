"""The routes of cases."""

from dataclasses import asdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cases import contract, permissions
from cases.errors import UnknownKind
from cases.figures import Counted
from cases.filters import CaseFilter
from cases.models import Case, CaseEvent
from cases.selectors import number_of
from cases.serializers import (
    WAITS,
    AssignSerializer,
    CaseDetailSerializer,
    CaseEventSerializer,
    CaseFiguresAnswerSerializer,
    CaseSerializer,
    ChangedCaseSerializer,
    DuplicateSerializer,
    NewCaseSerializer,
    ReopenSerializer,
    ReplySerializer,
    ResolveSerializer,
    WaitSerializer,
)
from cases.services import duplicates, opening, people, work
from cases.services.kinds import kind_of, known_kind, sent_values
from core import cases
from core.api.files import BOM_PARAMETER, choice_of, not_one_of, wants_mark
from core.api.periods import PARAMETERS, period_of
from core.api.renderers import CSVRenderer, JSONRenderer
from core.api.serializers import Serializer
from core.api.views import APIView, GenericViewSet, ReadOnlyModelViewSet
from core.cases import Report
from core.db import advisory_lock
from core.errors import NotFound
from core.files import csv_lines, download
from core.roles import Role
from users.errors import InvalidToken

FORMATS = ("json", "csv")
FIGURE_PARAMETERS = [
    *PARAMETERS,
    OpenApiParameter("kind", str, description="The name of a kind of cases; all without it."),
    OpenApiParameter("format", str, enum=FORMATS, default="json", description="What comes back."),
    BOM_PARAMETER,
]
NUMBER = {"type": "string", "pattern": "^([Cc]-)?[1-9][0-9]{0,18}$"}
CASE_PK = OpenApiParameter("case_pk", NUMBER, OpenApiParameter.PATH)
CASE_ID = OpenApiParameter("id", NUMBER, OpenApiParameter.PATH)
CREATED = status.HTTP_201_CREATED


def described(*, request: Any, responses: Any = CaseDetailSerializer) -> Any:
    """Describe an action on one case for the contract."""
    return extend_schema(parameters=[CASE_ID], request=request, responses=responses)


def case_key(value: str) -> int:
    """Return the id of the case that a part of the path names, or raise a 404."""
    key = number_of(value)
    if key is None:
        raise NotFound
    return key


@extend_schema_view(retrieve=extend_schema(parameters=[CASE_ID]))
class CaseViewSet(ReadOnlyModelViewSet):
    """Cases by number, the newest first. A SELLER sees those that they filed."""

    resource = contract.CASES
    permission_table = permissions.CASES
    queryset = Case.objects.all()
    serializer_class = CaseDetailSerializer
    filterset_class = CaseFilter
    search_fields = ("search_key",)
    ordering: ClassVar[tuple[str, ...]] = ("-id",)
    ordering_fields: ClassVar[Any] = {
        "id": "id",
        "due": "solution_due",
        "priority": "priority",
    }

    def get_serializer_class(self) -> Any:
        """Return the list's short form, or all of one case."""
        return CaseSerializer if self.action == "list" else CaseDetailSerializer

    def get_queryset(self) -> QuerySet[Case]:
        """Narrow to what the caller may see."""
        cases: QuerySet[Case] = super().get_queryset()
        if permissions.is_seller(self.request):
            return cases.filter(reporter_id=self.request.user.pk)
        return cases

    def lookup_value(self, value: str) -> int:
        """Return the key: "C-1042" and "1042" are one case."""
        return case_key(value)

    def lock(self, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Lock as ``services.moves.lock`` does, after the caller's account.

        Two that are made duplicates of each other at once are locked one after the other.
        """
        if self.action == "duplicate":
            advisory_lock(duplicates.LOCK)
        self.keep_caller()
        return queryset.select_for_update(of=("self",), no_key=True)

    @property
    def caller(self) -> int:
        """Return the caller's id."""
        return int(self.request.user.pk)  # type: ignore[arg-type]  # nobody else comes this far

    def keep_caller(self) -> None:
        """Keep the caller's account until the commit.

        Raises:
            InvalidToken: it was removed since the token was looked at; nothing of theirs may stay.
        """
        if self.caller not in people.keep_accounts([self.caller]):
            raise InvalidToken

    def read(self, serializer: Serializer) -> dict[str, Any]:
        """Return what a body says, or raise what is wrong with it."""
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def answer(self, case: Case) -> Response:
        """Answer with the case as it is now."""
        return Response(self.get_serializer(case).data)

    def created(self, case: Case) -> Response:
        """Answer with a case that is new to the caller."""
        root = self.request.path.partition("/cases")[0]
        headers = {"Location": f"{root}/cases/{case.pk}"}
        return Response(self.get_serializer(case).data, status=CREATED, headers=headers)

    @extend_schema(request=NewCaseSerializer, responses={201: CaseDetailSerializer})
    def create(self, request: Request, **_kwargs: Any) -> Response:
        """File a case."""
        said = self.read(NewCaseSerializer(data=request.data))
        kind = known_kind(said["kind"])
        priority, reporter = said.pop("priority", None), said.pop("reporter", None)
        if permissions.is_seller(request):
            if Role.SELLER not in kind.reported_by:
                raise UnknownKind
            priority, reporter = None, self.caller
            self.keep_caller()
        if reporter is not None:
            people.keep_reporter(reporter)
        what = Report(reporter_id=reporter, **said)
        return self.created(opening.report(what, priority=priority))

    @described(request=ChangedCaseSerializer)
    def partial_update(self, request: Request, **_kwargs: Any) -> Response:
        """Change subject or priority; with the priority the due times move."""
        case = self.get_object()
        fields = self.read(ChangedCaseSerializer(data=request.data))
        return self.answer(work.change(case=case, fields=fields))

    @described(request=None)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, **_kwargs: Any) -> Response:
        """Take the case: it is open, and the caller's."""
        case = self.get_object()
        self.read(Serializer(data=request.data))
        return self.answer(work.take(case=case, user_id=self.caller))

    @described(request=AssignSerializer)
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, **_kwargs: Any) -> Response:
        """Give the case to somebody of support, or to nobody."""
        said = self.read(AssignSerializer(data=request.data))
        if said["assignee"] is not None:
            people.keep_accounts([self.caller, said["assignee"]])
            people.keep_assignee(said["assignee"])
        case = self.get_object()
        return self.answer(work.assign(case=case, assignee_id=said["assignee"]))

    @described(request=ReplySerializer)
    @action(detail=True, methods=["post"])
    def reply(self, request: Request, **_kwargs: Any) -> Response:
        """Write to the other side, or a note that support alone reads."""
        case = self.get_object()
        said = self.read(ReplySerializer(data=request.data))
        if permissions.is_seller(request):
            answered = work.answer(case=case, author_id=self.caller, text=said["text"])
            return self.answer(answered)
        replied = work.reply(case=case, text=said["text"], visible=said["visible_to_seller"])
        return self.answer(replied)

    @described(request=WaitSerializer)
    @action(detail=True, methods=["post"])
    def wait(self, request: Request, **_kwargs: Any) -> Response:
        """Let the case wait; the clock of its solution stops."""
        case = self.get_object()
        said = self.read(WaitSerializer(data=request.data))
        return self.answer(work.wait(case=case, to=WAITS[said["party"]], note=said["note"]))

    @described(request=ResolveSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, **_kwargs: Any) -> Response:
        """Resolve the case, which does with its object what the resolution means."""
        case = self.get_object()
        said = self.read(ResolveSerializer(data=request.data))
        values = sent_values(kind_of(case.kind), request.data)  # type: ignore[arg-type]  # the parser takes objects only
        return self.answer(work.resolve(case=case, values=values, **said))

    @described(
        request=ReopenSerializer,
        responses={200: CaseDetailSerializer, 201: CaseDetailSerializer},
    )
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, **_kwargs: Any) -> Response:
        """Go on with a resolved case (200); after thirty days a new one does (201)."""
        case = self.get_object()
        said = self.read(ReopenSerializer(data=request.data))
        author = self.caller if permissions.is_seller(request) else None
        found = work.reopen(case=case, note=said["note"], author_id=author)
        return self.answer(found) if found.pk == case.pk else self.created(found)

    @described(request=DuplicateSerializer)
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, **_kwargs: Any) -> Response:
        """End the case because another one says the same."""
        case = self.get_object()
        said = self.read(DuplicateSerializer(data=request.data))
        of_id = said.pop("of")
        return self.answer(duplicates.mark_duplicate(case=case, of_id=of_id, **said))


@extend_schema(parameters=[CASE_PK])
class CaseEventViewSet(mixins.ListModelMixin, GenericViewSet):
    """What happened to a case, in its order. A SELLER sees what is for them."""

    resource = contract.EVENTS
    permission_table = permissions.EVENTS
    queryset = CaseEvent.objects.all()
    serializer_class = CaseEventSerializer
    ordering: ClassVar[tuple[str, ...]] = ("id",)

    def get_queryset(self) -> QuerySet[CaseEvent]:
        """Narrow to the case of the address, which must be there to have a list."""
        key = case_key(self.kwargs["case_pk"])
        cases = Case.objects.filter(pk=key)
        events: QuerySet[CaseEvent] = super().get_queryset().filter(case_id=key)
        if permissions.is_seller(self.request):
            cases = cases.filter(reporter_id=self.request.user.pk)
            events = events.filter(visible_to_seller=True)
        if not cases.exists():
            raise NotFound
        return events


class CaseFiguresView(APIView):
    """What became of cases, by day."""

    resource = contract.FIGURES
    permission_table = permissions.FIGURES
    query_params = frozenset(parameter.name for parameter in FIGURE_PARAMETERS)
    renderer_classes = (JSONRenderer, CSVRenderer)

    @extend_schema(
        parameters=FIGURE_PARAMETERS,
        responses={
            (200, "application/json"): CaseFiguresAnswerSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request) -> Response | HttpResponseBase:
        """Return figures of cases by day: opened, ended, open, first responses, broken due times.

        Minutes are of working time. A case is held to the due times that it has now.
        """
        as_csv = choice_of(request, "format", FORMATS) == "csv"
        has_mark = wants_mark(request)
        kind = request.query_params.get("kind")
        if kind is not None and kind not in (known := cases.kinds()):
            raise not_one_of("kind", sorted(known))
        found = Counted(*period_of(request), None if kind is None else [kind])
        rows = [{"day": day.isoformat(), **asdict(row)} for day, row in found.each_day()]
        if as_csv:
            header = ["day", *asdict(found.whole())]
            lines = csv_lines(header, (row.values() for row in rows))
            return download(lines, "case-figures.csv", has_mark=has_mark)
        return Response({"total": asdict(found.whole()), "rows": rows})
