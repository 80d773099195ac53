"""What the contract says of accounts and tokens that no rule knows."""

from core.api.schema.tables import Operation, Resource
from users.errors import (
    EmailTaken,
    InvalidCredentials,
    InvalidToken,
    LastAdmin,
    LoginLocked,
    NoSession,
    OnlyAdmin,
    WrongCurrentPassword,
)

PERSON = {
    "name": "Elena",
    "last_name": "Ruiz",
    "email": "elena@plaza.example",
}
CHANGES = (EmailTaken, LastAdmin, OnlyAdmin, WrongCurrentPassword, LoginLocked)
WITH_CURRENT = "Whoever changes their own password sends `current_password` along."
REMOVED = (
    "Deactivate and anonymise {}: all tokens end at once, and the e-mail address is free again."
)

USERS = Resource(
    "user",
    {
        "create": Operation(
            errors=(EmailTaken,),
            example={**PERSON, "role": "USER", "password": "quiet-river-2026"},
        ),
        "update": Operation(
            description=f"Write a user. Only ADMIN changes a role. {WITH_CURRENT}",
            errors=CHANGES,
            example=PERSON,
        ),
        "partial_update": Operation(
            description=f"Change those fields that are sent. Only ADMIN changes a role. "
            f"{WITH_CURRENT}",
            errors=CHANGES,
            example={"last_name": "Ruiz Gómez"},
        ),
        "destroy": Operation(description=REMOVED.format("the user"), errors=(LastAdmin,)),
    },
    {"id": ("The user's id. `/api/users/me` is the caller's own account.", 2)},
)
ME = Resource(
    "me",
    {
        "retrieve": Operation(description="Return the caller's account, with its entity tag."),
        "update": Operation(
            description=f"Write the caller's account. {WITH_CURRENT}",
            errors=CHANGES,
            example=PERSON,
        ),
        "partial_update": Operation(
            description=f"Change those fields that are sent. {WITH_CURRENT}",
            errors=CHANGES,
            example={"last_name": "Ruiz Gómez"},
        ),
        "destroy": Operation(
            description=REMOVED.format("the caller's account"), errors=(LastAdmin,)
        ),
    },
    one="the caller's account",
)
SIGN_IN = Resource(
    "session",
    {
        "post": Operation(
            "signIn",
            "Sign in with e-mail and password",
            errors=(InvalidCredentials, LoginLocked),
            example={"email": "admin@plaza.example", "password": "plaza-demo-2026"},
        )
    },
)
REFRESH = Resource(
    "session",
    {
        "post": Operation(
            "refreshToken",
            "Exchange a refresh token for the next pair",
            description="Return the next access and refresh token. Each refresh token is good "
            "once; sent again within 10 seconds, because the answer was lost, it gives the same "
            "pair again. Later it ends the session.",
            errors=(InvalidToken,),
            example={"refresh": "eyJ…"},
        )
    },
)
SIGN_OUT = Resource(
    "session",
    {
        "post": Operation(
            "signOut",
            "Sign out",
            errors=(NoSession,),
            token_is_optional=True,
            example={},
        )
    },
)
FIELDS = {
    "User.name": "The first name.",
    "last_name": "The last name.",
    "email": "The e-mail address; unique, whatever its case.",
    "role": "What the user is here for; only ADMIN changes it.",
    "User.password": "A new password, of at least 8 characters.",
    "SignIn.password": "The password, with its spaces.",
    "current_password": "The password that the caller has now, when they change their own.",
    "access": "Goes into `Authorization: Bearer …`; good for some minutes.",
    "Pair.refresh": "Good once, for the next pair.",
    "refresh": "The refresh token of the session.",
}
