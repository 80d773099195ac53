"""The kernel's own routes: the journal, the contract and its page."""

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from core import permissions
from core.api.views import ReadOnlyModelViewSet
from core.errors import NotFound
from core.filters import JournalFilter
from core.models import JournalEntry
from core.serializers import JournalEntrySerializer


class JournalViewSet(ReadOnlyModelViewSet):
    """What happened, newest first. Nothing here can be changed."""

    permission_table = permissions.JOURNAL
    queryset = JournalEntry.objects.all()
    serializer_class = JournalEntrySerializer
    filterset_class = JournalFilter
    ordering = ("-id",)

    def lookup_value(self, value: str) -> str:
        """Take an id in its one spelling; int() would read "1_0" and " 1", too."""
        if not (value.isascii() and value.isdigit()):
            raise NotFound
        return value


class SchemaView(SpectacularAPIView):
    """The OpenAPI file of the apps that run here."""

    authentication_classes = []
    permission_classes = []


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, served from here."""

    authentication_classes = []
    permission_classes = []
    url_name = "schema"
