"""What the admin's home page shows of allies."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from allies.models import Ally, AllyCredential
from allies.selectors import tag_counts
from core.admin.cards import Attention, Figure, Point, address

CREDENTIALS = AllyCredential.objects.filter(ally=OuterRef("pk"))
CURRENT = Exists(CREDENTIALS.filter(is_current=True))
REVOKED = Exists(CREDENTIALS.filter(revoked_at__isnull=False))

ATTENTION = [
    Attention(
        "allies.without_credentials",
        _("Allies without credentials"),
        lambda: Ally.objects.filter(~CURRENT, ~REVOKED, is_active=True),
        "created_at",
        urgent=timedelta(days=7),
    ),
    Attention(
        "allies.revoked",
        _("Allies whose credentials were revoked, without new ones"),
        lambda: Ally.objects.filter(~CURRENT, REVOKED, is_active=True),
        "updated_at",
    ),
]

SHOWN_TAGS = 8


def tags() -> list[Point]:
    """Return the most frequent tags, and how many allies carry each."""
    return [
        Point(row["tag"], row["allies"], address(Ally, {"tag": row["tag"]}))
        for row in tag_counts()[:SHOWN_TAGS]
    ]


FIGURES = [Figure("allies.tags", _("Allies by tag"), lambda: Ally, tags)]
