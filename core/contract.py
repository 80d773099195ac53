"""What the contract says of the kernel's own routes, and of fields that mean the same anywhere."""

from core.api.schema.tables import Resource

JOURNAL = Resource("journal entry")
FIELDS = {
    "id": "Given by the platform; never given again.",
    "name": "What people call it.",
    "created_at": "When it was made.",
    "updated_at": "When it was last changed.",
    "state": "Where it stands.",
    "status": "Where it stands.",
    "reason": "Why; it is kept in the journal.",
    "next": "The address of the next page; null on the last one.",
    "previous": "The address of the page before; null on the first one.",
    "results": "The rows of this page.",
    "created": "How many rows are new.",
    "updated": "How many rows changed.",
    "unchanged": "How many rows said nothing new.",
    "dry_run": "Whether nothing was written.",
    "JournalEntry.count": "How many rows a list showed.",
    "at": "When it happened.",
    "actor_kind": "Who acted: `user`, `token`, `task`, `command` and the like.",
    "actor_id": "The id of the user who acted.",
    "actor_label": "The name of who acted, as it was then.",
    "request_id": "The X-Request-ID of the request.",
    "action": "What happened.",
    "model": "What it happened to, such as `dogs.Dog`.",
    "object_id": "The id of the object.",
    "object_label": "The object's name, as it was then.",
    "changes": "By field: the value before and after, or null where values are secret.",
}
