"""What the admin's search finds of allies: their ids and the beginnings of their names."""

from collections.abc import Iterator

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from allies.models import Ally
from core.admin.search import Found, hits


def find(request: HttpRequest, text: str) -> Iterator[Found]:
    """Find allies by their id, or by how their name begins."""
    allies = Ally.objects.filter(Q(pk=text) | Q(name__startswith=text)).order_by("name", "id")
    yield from hits(request, allies, lambda ally: "" if ally.is_active else _("inactive"))
