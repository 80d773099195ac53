"""What sellers' phones send: the visits that they recorded, the cases that they file."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from stores import contract
from stores.errors import NotAnArray
from stores.serializers.sync import PageSerializer
from stores.serializers.visits import (
    CaseDocumentSerializer,
    PushRowSerializer,
    VisitDocumentSerializer,
)
from stores.services import filed, visits
from stores.services.sent import Sent
from stores.sync.answers import body_of, body_of_cases
from stores.sync.batch import BatchParser
from stores.views.sync import PULL_PARAMETERS, SCHEMA_PARAMETER, PullView, schema_of


class PushView(PullView):
    """Base: a collection that is pulled as any other, and pushed."""

    atomic = False  # a push that brings nothing new opens no transaction
    parser_classes = (BatchParser,)

    @property
    def query_params(self) -> Any:  # type: ignore[override]  # of the method, not of the class
        """Return the parameters that the method takes."""
        return {"schema"} if self.request.method == "POST" else PullView.query_params

    def documents(self, request: Request) -> list[Sent]:
        """Return the documents of a push, or raise what is wrong with it as a whole."""
        schema_of(request)
        if not isinstance(request.data, list):
            raise NotAnArray
        return request.data


class VisitsView(PushView):
    """A seller's visits: pulled as any collection, and pushed."""

    resource = contract.PUSH

    @extend_schema(parameters=PULL_PARAMETERS[1:], responses=PageSerializer)
    def get(self, request: Request, collection: str) -> HttpResponse:
        """Return the caller's visits that changed after a checkpoint, oldest first.

        Without a checkpoint they begin 30 days back; after another `epoch`, too.
        """
        return super().get(request, collection)

    @extend_schema(
        parameters=[SCHEMA_PARAMETER],
        request=PushRowSerializer(many=True),
        responses={200: VisitDocumentSerializer(many=True)},
    )
    def post(self, request: Request, **_: Any) -> HttpResponse:
        """Store 1 to 100 visits and return those that are stored otherwise than they were sent.

        A visit is known by its id: sent again it is stored once. None is refused because of another
        one: each gets its `state` (`accepted`, `flagged` or `rejected`), `flags` and, if no visit
        could be made of it, `problems`. The body as a whole is refused only when it is no array of
        rows, or too large.
        """
        verdicts = visits.receive(seller_id=self.seller_id, documents=self.documents(request))
        return HttpResponse(body_of(verdicts), content_type="application/json")


class CasesView(PushView):
    """A seller's support cases: followed as any collection, and filed."""

    resource = contract.CASES

    @extend_schema(parameters=PULL_PARAMETERS[1:], responses=PageSerializer)
    def get(self, request: Request, collection: str) -> HttpResponse:
        """Return the caller's support cases that changed after a checkpoint, oldest first."""
        return super().get(request, collection)

    @extend_schema(
        parameters=[SCHEMA_PARAMETER],
        request=PushRowSerializer(many=True),
        responses={200: CaseDocumentSerializer(many=True)},
    )
    def post(self, request: Request, **_: Any) -> HttpResponse:
        """File 1 to 100 cases and return those that are stored otherwise than they were sent.

        A case is known by its id and stays as it was filed: other content under the same id is
        answered with what is stored. One that cannot be read is `rejected`, with its `problems`.
        A seller answers support by `POST /api/cases/{number}/reply`.
        """
        verdicts = filed.receive(seller_id=self.seller_id, documents=self.documents(request))
        return HttpResponse(body_of_cases(verdicts), content_type="application/json")
