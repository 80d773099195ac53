"""The kernel's own routes: the journal, the contract and its page."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.encoding import force_bytes
from django.utils.translation import get_language, get_language_info, gettext, override
from drf_spectacular.utils import extend_schema, extend_schema_field
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.serializers import JSONField, ModelSerializer

from core import contract, problems
from core.api.filters import filterset
from core.api.permissions import ADMIN_ONLY
from core.api.query import path_key
from core.api.views import ReadOnlyModelViewSet
from core.errors import NotFound
from core.models import JournalEntry
from core.problem_codes import codes

LANGUAGES = [name for name, _ in settings.LANGUAGES]
# A value of a field as JSON has it, for the contract.
PLAIN = {"type": ["string", "number", "boolean", "object", "null"]}
ANY = {"type": [*PLAIN["type"], "array"], "items": PLAIN}


class JournalFilter(filterset.FilterSet):
    """Whose history, who acted, what happened, when."""

    class Meta:
        model = JournalEntry
        fields = {
            "model": ["exact"],
            "object_id": ["exact"],
            "actor_id": ["exact"],
            "action": ["exact"],
            "request_id": ["exact"],
            "at": ["gte", "lt"],
        }


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": ["array", "null"], "items": ANY}}
)
class ChangesField(JSONField):
    """What changed, by field."""


class JournalEntrySerializer(ModelSerializer):
    """One line of an object's history."""

    changes = ChangesField(read_only=True)

    class Meta:
        model = JournalEntry
        fields = (
            "id",
            "at",
            "actor_kind",
            "actor_id",
            "actor_label",
            "request_id",
            "action",
            "model",
            "object_id",
            "object_label",
            "changes",
            "reason",
            "count",
        )
        read_only_fields = fields


class JournalViewSet(ReadOnlyModelViewSet):
    """What happened, newest first. Nothing here can be changed."""

    resource = contract.JOURNAL
    permission_table = {"list": ADMIN_ONLY, "retrieve": ADMIN_ONLY}
    queryset = JournalEntry.objects.all()
    serializer_class = JournalEntrySerializer
    filterset_class = JournalFilter
    ordering = ("-id",)

    def lookup_value(self, value: str) -> int:
        """Return the id that the address names."""
        return path_key(value)


class SchemaView(SpectacularAPIView):
    """The OpenAPI file of the apps that run here."""

    authentication_classes = []
    permission_classes = []
    http_method_names = ["get", "head"]

    @extend_schema(exclude=True)
    def get(self, request: Request, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Return the file in the caller's language, as YAML or JSON."""
        renderer: Any = request.accepted_renderer
        return HttpResponse(
            document(renderer.__class__, get_language()),
            content_type=f"{renderer.media_type}; charset=utf-8",
            headers={"Vary": "Accept, Accept-Language"},
        )


@cache
def document(renderer: type[BaseRenderer], language: str) -> bytes:
    """Return the file, written once per process and language: it takes 0.1 s, and anybody asks."""
    del language  # the active one
    generator: Any = SchemaView.generator_class()
    return force_bytes(renderer().render(generator.get_schema(public=True), renderer_context={}))


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, served from here."""

    authentication_classes = []
    permission_classes = []
    http_method_names = ["get", "head"]
    url_name = "schema"


def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """Explain one error code to people, in the language of ``?lang=`` or of the request."""
    if refused := problems.refuse_writing(request):
        return refused
    language = request.GET.get("lang") or get_language() or settings.LANGUAGE_CODE
    if language not in dict(settings.LANGUAGES):
        language = settings.LANGUAGE_CODE
    if code not in codes():
        with override(language):
            missing = NotFound(gettext("There is no such error code."))
            return problems.answer(request, missing)
    return HttpResponse(
        explained(code, language),
        headers={
            "Cache-Control": "public, max-age=3600",
            "Content-Language": language,
            "Vary": "Accept-Language",
        },
    )


@cache
def explained(code: str, language: str) -> bytes:
    """Return the page of a code, rendered once per process and language."""
    found = codes()[code]
    shown = {
        "code": found,
        "title": problems.TITLES[found.status],
        "language": language,
        "languages": [(name, get_language_info(name)["name_local"]) for name in LANGUAGES],
    }
    with override(language):
        return render_to_string("core/problem_page.html", shown).encode()


def favicon(request: HttpRequest) -> HttpResponse:
    """Send whoever asks for the icon that browsers look for to the one that there is."""
    return problems.refuse_writing(request) or HttpResponseRedirect(static("core/icon.svg"))


def root(request: HttpRequest) -> HttpResponse:
    """Send whoever comes to ``/`` to the documentation."""
    return problems.refuse_writing(request) or HttpResponseRedirect("/docs")
