"""What the journal can be filtered by."""

from core.api.filters import filterset
from core.models import JournalEntry


class JournalFilter(filterset.FilterSet):
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
