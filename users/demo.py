"""Demo data: the two users of the brief with their API tokens, and a password to sign in with."""

from django.core.management.color import no_style
from django.db import connection

from core.roles import Role
from users import services
from users.auth.api_tokens import import_api_token
from users.constants import DEMO_EMAILS, DEMO_PASSWORD, DEMO_TOKENS
from users.models import User

PEOPLE = (
    (1, "admin", DEMO_EMAILS[0], DEMO_TOKENS[0], Role.ADMIN),
    (2, "consumer", DEMO_EMAILS[1], DEMO_TOKENS[1], Role.USER),
)


def load() -> str:
    """Make users 1 (admin) and 2 (consumer) unless they exist; return what is there."""
    for wanted, name, email, token, role in PEOPLE:
        user = User.objects.filter(email=email).first()
        if user is None:
            # The ids of the brief, where the table is still empty above them.
            free = not User.objects.filter(pk__gte=wanted).exists()
            key = {"id": wanted} if free else {}
            user = services.create_user(
                email=email, password=DEMO_PASSWORD, name=name, role=role, **key
            )
        import_api_token(user=user, name=f"demo {name}", plaintext=token)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [User]):
            cursor.execute(statement)
    return f"users {', '.join(DEMO_EMAILS)} with their tokens; password {DEMO_PASSWORD}"
