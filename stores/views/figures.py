"""Figures for analysts and administrators, and a seller's own day."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q, Sum
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api import periods
from core.api.files import BOM_PARAMETER, choice_of, not_one_of, wants_mark
from core.api.query import refusal
from core.api.renderers import CSVRenderer, JSONRenderer
from core.api.views import APIView
from core.files import csv_lines, download
from core.values import business_day, parse_key
from stores import contract, permissions
from stores.constants import VisitState
from stores.figures import answers, questions
from stores.figures.checking import Period
from stores.figures.questions import Question
from stores.models import Visit
from stores.serializers.figures import FiguresSerializer, OwnFiguresSerializer

FORMATS = ("json", "csv")
KEYS = ("seller", "establishment", "product")
PARAMETERS = [
    *periods.PARAMETERS,
    OpenApiParameter(
        "group_by",
        str,
        description="Up to four of day, week, month, region, typology, department, city, seller,"
        " establishment and product, separated by commas. Nothing: one row of all.",
    ),
    OpenApiParameter(
        "measure",
        str,
        enum=questions.MEASURES,
        default=questions.VISITS,
        description="What is counted. Where products are grouped or named it is `missing`;"
        " `coverage` and `distribution` are of whole months, as is what names an establishment.",
    ),
    OpenApiParameter("region", str, description="The code of a commercial region."),
    OpenApiParameter("typology", str, description="The code of a kind of establishment."),
    OpenApiParameter("department", str, description="The DIVIPOLA code of a department."),
    OpenApiParameter("city", str, description="The DIVIPOLA code of a municipality."),
    OpenApiParameter("seller", OpenApiTypes.INT64, description="A seller's user id."),
    OpenApiParameter("establishment", OpenApiTypes.INT64, description="An establishment's id."),
    OpenApiParameter("product", OpenApiTypes.INT64, description="A product's id."),
    OpenApiParameter("format", str, enum=FORMATS, default="json", description="What comes back."),
    BOM_PARAMETER,
]
DAY_PARAMETER = OpenApiParameter("day", dt.date, description="The day; today without it.")


def groups_of(request: Request) -> tuple[str, ...]:
    """Return what is grouped by, or raise a 400."""
    text = request.query_params.get("group_by")
    names = tuple(text.split(",")) if text is not None else ()
    if not set(names) <= set(questions.GROUPS):
        raise not_one_of("group_by", questions.GROUPS)
    times = [name for name in names if name in questions.TIMES]
    if len(set(names)) < len(names) or len(times) > 1:
        raise refusal("group_by", _("Each once, and one of day, week and month."), "invalid")
    if len(names) > questions.MAX_GROUPS:
        message = _("At most %(groups)d groups.") % {"groups": questions.MAX_GROUPS}
        raise refusal("group_by", message, "invalid")
    return names


def filters_of(request: Request) -> dict[str, Any]:
    """Return to what the rows are narrowed, or raise a 400."""
    found: dict[str, Any] = {}
    for name in questions.FILTERS:
        text = request.query_params.get(name)
        if text is None:
            continue
        if not text.strip():
            raise refusal(name, _("This is empty."), "invalid")
        found[name] = text
        if name in KEYS:
            try:
                found[name] = parse_key(text)
            except ValueError:
                raise refusal(name, _("Not an id."), "invalid") from None
    return found


def question_of(request: Request) -> Question:
    """Return what is asked, or raise a 400 that names what cannot be asked."""
    groups, filters = groups_of(request), filters_of(request)
    default = questions.MISSING if "product" in {*groups, *filters} else questions.VISITS
    measure = default
    if "measure" in request.query_params:
        measure = choice_of(request, "measure", questions.MEASURES)
    question = Question(Period(*periods.period_of(request)), groups, filters, measure)
    if question.source is None:
        message = _("This measure is not counted by these groups and filters.")
        raise refusal("group_by", message, "not_counted")
    if not question.is_by_month:
        return question
    if not question.is_whole(business_day()):
        raise refusal("from", _("This is counted by whole months only."), "whole_months")
    if {"day", "week"} & {*groups}:
        raise refusal("group_by", _("This is counted by whole months only."), "whole_months")
    is_one = len(question.period.months()) == 1
    if measure == questions.COVERAGE and not is_one and "month" not in groups:
        raise refusal("group_by", _("Coverage does not add up over months."), "whole_months")
    return question


class FiguresView(APIView):
    """Sums over visits, and the ratios of these sums."""

    resource = contract.FIGURES
    permission_table = permissions.FIGURES
    query_params = frozenset(parameter.name for parameter in PARAMETERS)
    renderer_classes = (JSONRenderer, CSVRenderer)

    @extend_schema(
        parameters=PARAMETERS,
        responses={
            (200, "application/json"): FiguresSerializer,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request) -> Response | HttpResponseBase:
        """Return figures of a period by day, place, seller, establishment or product.

        Rates are ratios of sums, never means of ratios. Figures follow the visits within
        minutes, those of months within an hour: `as_of` and `dirty_days` say how far they are.
        """
        as_csv = choice_of(request, "format", FORMATS) == "csv"
        has_mark = wants_mark(request)
        question = question_of(request)
        as_of, waiting = answers.freshness(question)
        try:
            rows = answers.answer(question)
        except answers.TooMany:
            message = _("More than %(rows)d rows; ask for less.") % {"rows": questions.MAX_ROWS}
            raise refusal("group_by", message, "too_many_rows") from None
        if as_csv:
            header = list(rows[0]) if rows else list(question.groups)
            lines = csv_lines(header, (row.values() for row in rows))
            return download(lines, "figures.csv", has_mark=has_mark)
        return Response({"as_of": as_of, "dirty_days": waiting, "rows": rows})


class OwnFiguresView(APIView):
    """A seller's own day."""

    resource = contract.OWN_FIGURES
    permission_table = permissions.OWN_FIGURES
    query_params = frozenset({"day"})
    detail = True  # one resource: it has an entity tag

    @extend_schema(parameters=[DAY_PARAMETER], responses=OwnFiguresSerializer)
    def get(self, request: Request) -> Response:
        """Return the caller's visits of a day, as they stand now: how many, compliance, photos."""
        day = periods.day_of(request, "day", business_day())
        visits = Visit.objects.filter(seller=request.user.pk, day=day)
        found = visits.exclude(state=VisitState.VOID).aggregate(
            number=Count("pk"),
            odd=Count("pk", filter=Q(state=VisitState.FLAGGED)),
            wanted=Sum("must_have", default=0),
            there=Sum("present", default=0),
            photos=Sum("photos_missing", default=0),
        )
        return Response(
            {
                "day": day,
                "visits": found["number"],
                "flagged": found["odd"],
                "must_have": found["wanted"],
                "present": found["there"],
                "compliance": answers.ratio(found["there"], found["wanted"]),
                "photos_missing": found["photos"],
            }
        )
