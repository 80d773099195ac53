"""What the contract says of allies and credentials that no rule knows."""

from allies.errors import AllyIdTaken
from core.api.schema.tables import Operation, Resource

ALLY = {
    "name": "Young-Wolf",
    "brand_owner": "Wolf S.A.S.",
    "tags": ["finanzas", "movilidad"],
    "discount": "10.00",
    "min_amount": 50000,
    "max_amount": 2000000,
    "allowed_origins": ["https://wolf.example.com"],
}

ALLIES = Resource(
    "ally",
    {
        "create": Operation(
            description="Take an ally in. It may bring its id; without one it gets a UUID.",
            errors=(AllyIdTaken,),
            example=ALLY,
        ),
        "update": Operation(
            description="Write the ally. Its id stays; optional fields that are left out do, too.",
            example=ALLY,
        ),
        "partial_update": Operation(example={"discount": "12.50"}),
        "destroy": Operation(description="Delete the ally with its credentials."),
        "tags": Operation("listAllyTags"),
    },
    {"id": ("The ally's id.", "0d4f7a40-651d-44fb-8744-04d9b31ef844")},
    plural="allies",
)
CREDENTIALS = Resource(
    "credentials",
    {
        "retrieve": Operation("checkCredentials", "Tell whether an ally has credentials"),
        "create": Operation(
            "addCredentials",
            "Add credentials of an ally",
            example={"user": "wolf", "password": "a-long-secret"},
        ),
    },
    {"id": ("The ally's id.", "0d4f7a40-651d-44fb-8744-04d9b31ef844")},
)
FIELDS = {
    "Ally.id": "A new ally may bring it; it stays.",
    "brand_owner": "Who owns the brand.",
    "tags": "In answers a list. In requests also an object with tag1, tag2 and so on.",
    "discount": "Per cent, with two decimals.",
    "min_amount": "The smallest amount.",
    "max_amount": "The largest amount; null is no limit.",
    "allowed_origins": "Such as https://shop.example.com.",
    "is_active": "Whether its credentials are used.",
    "tag": "The tag, in its one spelling.",
    "TagCount.allies": "How many allies carry it.",
    "CredentialsRequest.password": "The partner's password; never shown again.",
    "Credentials.password": "The partner's password; never shown again.",
    "user": "The user name at the partner.",
    "username": "The same as `user`; one of the two is needed.",
    "message": "In the words of the partner's contract.",
    "allyId": "The ally's id.",
    "allyName": "The ally's name.",
}
