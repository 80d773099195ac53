"""What the journal can be filtered by."""

from core.api import filters
from core.models import JournalEntry


class JournalFilter(filters.FilterSet):
    """Whose story, who acted, what happened, when."""

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
