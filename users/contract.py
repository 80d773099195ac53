"""What the contract says of accounts and tokens that no rule knows."""

from core.api.schema.tables import Operation, Resource
from users.errors import (
    EmailTaken,
    InvalidCredentials,
    InvalidLink,
    InvalidSecondFactor,
    InvalidToken,
    LastAdmin,
    LoginLocked,
    NoSession,
    OnlyAdmin,
    SecondFactorRequired,
    SecondFactorSetupRequired,
    SessionRequired,
    TokenReadOnly,
    TooManyAccountChanges,
    TooManyTokens,
    WrongCurrentPassword,
)

PERSON = {
    "name": "Elena",
    "last_name": "Ruiz",
    "email": "elena@plaza.example",
}
OWN = (SessionRequired, TooManyAccountChanges, WrongCurrentPassword)
CHANGES = (EmailTaken, LastAdmin, OnlyAdmin, LoginLocked, *OWN)
REMOVAL = (LastAdmin, LoginLocked, *OWN)
CURRENT = {"current_password": "plaza-demo-2026"}
WITH_CURRENT = (
    "Whoever changes their own password or e-mail address sends `current_password` along, and does "
    "not come by an API token."
)
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
        "destroy": Operation(
            description=f"{REMOVED.format('the user')} Who removes themselves sends"
            " `current_password` along.",
            errors=REMOVAL,
            example=CURRENT,
        ),
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
            example={**PERSON, **CURRENT},
        ),
        "partial_update": Operation(
            description=f"Change those fields that are sent. {WITH_CURRENT}",
            errors=CHANGES,
            example={"last_name": "Ruiz Gómez"},
        ),
        "destroy": Operation(
            description=REMOVED.format("the caller's account"), errors=REMOVAL, example=CURRENT
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
            errors=(
                InvalidCredentials,
                InvalidSecondFactor,
                LoginLocked,
                SecondFactorRequired,
                SecondFactorSetupRequired,
            ),
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
            errors=(NoSession, TokenReadOnly),
            token_is_optional=True,
            example={},
        )
    },
)
PASSWORD_RESET = Resource(
    "password reset",
    {
        "post": Operation(
            "requestPasswordReset",
            "Ask for a link that sets a new password",
            example={"email": "admin@plaza.example"},
        )
    },
)
PASSWORD_RESET_CONFIRM = Resource(
    "password reset",
    {
        "post": Operation(
            "confirmPasswordReset",
            "Set a password by a link",
            errors=(InvalidLink,),
            example={"token": "kJ4…", "password": "quiet-river-2026"},
        )
    },
)
OWN_SESSIONS = Resource(
    "own session",
    {
        "list": Operation(
            description="Return where the caller is signed in, in the API and in the admin.",
            errors=(SessionRequired,),
        ),
        "retrieve": Operation(errors=(SessionRequired,)),
        "destroy": Operation(
            "endSession",
            description="End one session; the current one is signed out.",
            errors=(SessionRequired,),
        ),
        "end_others": Operation(
            "endOtherSessions", "End all other sessions", errors=(SessionRequired,)
        ),
    },
    {"id": ("The session's id.", "0197a3c1-7a55-7e1c-8f7d-2d9c3f0a4b11")},
)
OWN_TOKENS = Resource(
    "own token",
    {
        "list": Operation(
            description="Return the API tokens that act for the caller, without their texts.",
            errors=(SessionRequired,),
        ),
        "create": Operation(
            errors=(SessionRequired, TooManyTokens),
            example={"name": "nightly report", "read_only": True},
            untagged=True,
        ),
        "retrieve": Operation(errors=(SessionRequired,)),
        "destroy": Operation(
            "revokeOwnToken",
            description="Revoke the token: it opens nothing from then on.",
            errors=(SessionRequired,),
        ),
    },
    {"id": ("The token's id.", 3)},
)
FIELDS = {
    "PasswordResetConfirm.token": "What stands behind `#` in the link; good once.",
    "PasswordResetConfirm.password": "The new password, of at least 8 characters.",
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
    "SignedIn.device": "Send it as `X-Device` next time: a known device is not locked out.",
    "OwnSession.kind": "Whether it is a sign-in to the API or to the admin.",
    "last_used_at": "When it was used last, to some minutes; null: never.",
    "expires_at": "When it ends by itself.",
    "OwnSession.user_agent": "The program that signed in, as it called itself.",
    "OwnSession.address": "The address that the sign-in came from.",
    "OwnToken.hint": "How the token begins.",
    "OwnTokenMade.hint": "How the token begins.",
    "OwnTokenMade.token": "The token's text, in this answer only.",
    "read_only": "Is refused whatever could change something.",
}
