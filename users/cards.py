"""What the admin's home page shows of accounts."""

from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.admin.cards import Attention
from users.models import ApiToken, LinkMail, LoginBucket

ENDING = timedelta(days=14)

ATTENTION = [
    Attention(
        "users.accounts_locked",
        _("Accounts locked now"),
        lambda: LoginBucket.objects.filter(
            window_ends_at__gt=timezone.now(),
            attempts__gte=Coalesce(F("max_attempts"), settings.LOGIN_ATTEMPTS),
        ),
        "window_ends_at",
        urgent=timedelta(0),
        is_deadline=True,
    ),
    Attention(
        "users.tokens_ending",
        _("API tokens that end within 14 days"),
        lambda: ApiToken.objects.filter(
            revoked_at__isnull=True,
            expires_at__gt=timezone.now(),
            expires_at__lte=timezone.now() + ENDING,
        ),
        "expires_at",
        urgent=timedelta(days=2),
        is_deadline=True,
    ),
    Attention(
        "users.mails_failed",
        _("Mails with a link that did not go"),
        lambda: LinkMail.objects.filter(status="failed"),
        "created_at",
    ),
]
