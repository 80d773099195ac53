"""What production must not start with, or should not: public credentials, links without address."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections


def demo_credentials() -> list[str]:
    """Return what the database holds of the demo data that would let anybody in."""
    # Checks are imported before the models are ready.
    from django.contrib.auth.hashers import check_password  # noqa: PLC0415 - see above

    from users.auth.api_tokens import digests_of  # noqa: PLC0415 - see above
    from users.constants import DEMO_DOMAIN, DEMO_PASSWORD, DEMO_TOKENS  # noqa: PLC0415 - see above
    from users.models import ApiToken, User  # noqa: PLC0415 - see above

    digests = [digest for token in DEMO_TOKENS for digest in digests_of(token)]
    live = ApiToken.objects.filter(digest__in=digests, revoked_at__isnull=True)
    found = [f"API token {token.name!r} (id {token.pk})" for token in live.order_by("pk")]
    suspects = User.objects.filter(is_active=True, email__endswith=DEMO_DOMAIN)[:20]
    suspects = {*suspects, *User.objects.active_admins().order_by("pk")[:10]}
    public = [user.pk for user in suspects if check_password(DEMO_PASSWORD, user.password)]
    return found + [f"password of user {pk}" for pk in sorted(public)]


@checks.register(checks.Tags.database)
def no_demo_credentials(
    *, databases: Iterable[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """Refuse demo tokens and passwords in production (``check --database default``, migrate)."""
    if not settings.PRODUCTION or getattr(settings, "DEMO_DATA", False) or not databases:
        return []
    if "users_apitoken" not in connections["default"].introspection.table_names():
        return []  # before the first migration there is nobody
    return [
        checks.Error(
            f"Demo credentials in a production database: {what}.",
            hint="They are public. Remove them: manage.py forget_demo.",
            id="users.E001",
        )
        for what in demo_credentials()
    ]


@checks.register()
def links_have_an_address(**_: Any) -> list[checks.CheckMessage]:
    """Warn in production when support can make no links (with mail on, it does not start)."""
    if not settings.PRODUCTION or settings.PUBLIC_URL or settings.PASSWORD_RESET_URL:
        return []
    return [
        checks.Warning(
            "PUBLIC_URL is not set, so no link to set a password can be made.",
            hint="Set the address that people reach the platform at, as https://plaza.example.",
            id="users.W001",
        )
    ]


def refuse_demo_credentials() -> None:
    """Stop a production server that would start with demo credentials.

    A database that is away is no reason: the server starts, answers 503 and recovers by itself.

    Raises:
        ImproperlyConfigured: the database has some.
    """
    try:
        found = no_demo_credentials(databases=["default"])
    except DatabaseError:
        return
    finally:
        connections.close_all()
    if found:
        raise ImproperlyConfigured(f"{found[0].msg} {found[0].hint}")
