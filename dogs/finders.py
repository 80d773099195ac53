"""What the admin's search finds of dogs and files: names, and a file's id or SHA-256."""

from collections.abc import Iterator

from django.http import HttpRequest

from core.admin.search import Found, hits
from core.text import name_key
from core.values import parse_uuid
from dogs.models import Dog, RelayedFile


def find(request: HttpRequest, text: str) -> Iterator[Found]:
    """Find dogs by how their name begins, files by their id or what they hold."""
    dogs = Dog.objects.filter(name_key__startswith=name_key(text)).order_by("name_key")
    yield from hits(request, dogs, lambda dog: dog.get_picture_status_display())
    try:
        files = RelayedFile.objects.filter(pk=parse_uuid(text))
    except ValueError:
        files = RelayedFile.objects.filter(sha256=text.lower())
    yield from hits(request, files, lambda relayed: relayed.get_status_display())
