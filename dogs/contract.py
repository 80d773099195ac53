"""What the contract says of dogs and files that no rule knows."""

from rest_framework.exceptions import PermissionDenied

from core.api.schema.tables import Operation, Resource
from dogs.errors import AdoptionContradictory, DogAdopted, DogNameTaken, DogNotAdopted

NAME = {"name": ("The dog's name, whatever its case.", "Rocky")}
WRITTEN = (DogNameTaken, AdoptionContradictory)

DOGS = Resource(
    "dog",
    {
        "list": Operation(description="Return all dogs in pages. Follow `next` until it is null."),
        "create": Operation(
            "createDog",
            "Register a dog",
            description="Take in the dog named in the address; the body may say more. Its picture "
            "follows: read the dog again until `picture_status` is no longer `pending`.",
            errors=WRITTEN,
            example={"is_adopted": False},
        ),
        "update": Operation(
            description="Write the dog; another `name` renames it.",
            errors=WRITTEN,
            example={"is_adopted": True},
        ),
        "partial_update": Operation(
            description="Change those fields that are sent; another `name` renames the dog.",
            errors=WRITTEN,
            example={"is_adopted": True},
        ),
        "adopt": Operation(
            "adoptDog",
            "Give a dog to an owner",
            errors=(DogAdopted,),
            example={"id_user": 2},
            untagged=True,
        ),
        "release": Operation("undoAdoption", "Undo an adoption", errors=(DogNotAdopted,)),
        "another_picture": Operation("requestPicture", "Ask for another picture"),
    },
    NAME,
)
ADOPTED_DOGS = Resource(
    "adopted dog",
    {"list": Operation(description="Return the dogs that found a home, in pages.")},
)
ADOPTIONS = Resource(
    "adoption",
    {
        "list": Operation(
            description="Return who had the dog, since when and until when, the newest first."
        )
    },
    NAME,
)
FILES = Resource(
    "file",
    {
        "list": Operation(
            description="Return the caller's files, the newest first; staff sees all files."
        ),
        "retrieve": Operation(
            description="Return how far a file is on its way to the relay.",
        ),
        "create": Operation(
            "uploadFile",
            description="Accept a file of any kind, and pass it on afterwards: read the file again "
            "until `status` is no longer `pending`.",
        ),
        "destroy": Operation(
            description="Delete the file with its bytes; only its sender and ADMIN may.",
            errors=(PermissionDenied,),
        ),
    },
)
FIELDS = {
    "adopted_at": "Since when; null where that is not known.",
    "ended_at": "Until when; null while the adoption lasts.",
    "end_reason": "Why it ended.",
    "Dog.name": "Unique, whatever its case. The name of a new dog comes from the address.",
    "picture_status": "How far the picture is.",
    "create_date": "When the dog was taken in.",
    "is_adopted": "Whether the dog has found a home.",
    "id_user": "Who adopted the dog.",
    "RelayedFile.name": "The file's name as it was sent.",
    "size": "In bytes.",
    "sha256": "The digest of the content, in hexadecimal.",
    "RelayedFile.status": "How far the file is.",
    "attempts": "How often it was sent.",
    "remote_name": "The name that the relay gave it.",
    "Upload.file": "The file.",
}
