"""Passwords that are forgotten, or were never set: asking for a link, mailing it, using it.

Asking does the same whoever asks, for whatever address; who has the address is the task's to find
out. See ``docs/operations.md``, "Mail".
"""

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from core.audit import journal
from core.jobs.work import Work
from core.text import email_key
from users import services
from users.auth import limits, links
from users.auth.sessions import Client
from users.constants import (
    LINK_SECONDS,
    LINKS_WINDOW_SECONDS,
    MAX_LINKS_PER_ACCOUNT,
    MAX_LINKS_PER_CLIENT,
)
from users.errors import LinkRefused, LoginLocked, MailOff
from users.models import LinkMail, OneTimeLink, Purpose, User
from users.permissions import may_mail_link, may_see_link

logger = logging.getLogger(__name__)

MAILS = Work(
    LinkMail, task="users.tasks.mail_link", cause="last_error", title=_("Mails with links")
)


def request_reset(*, email: str, client: Client) -> None:
    """Have a link mailed to whoever has this address; beyond the limits do nothing, silently.

    Nothing here depends on whether somebody has it. Must not run inside a transaction, as what is
    asked for has to count.
    """
    if not settings.MAIL_ENABLED:
        return
    account = limits.Rate(MAX_LINKS_PER_ACCOUNT, LINKS_WINDOW_SECONDS)
    sender = limits.Rate(MAX_LINKS_PER_CLIENT, LINKS_WINDOW_SECONDS)
    try:
        limits.reserve(limits.Bucket(f"client {client.address}", own="links", rate=sender))
        limits.reserve(limits.Bucket(email, own="links", rate=account))
    except LoginLocked:
        logger.warning("too many links", extra={"account": limits.account_key(email)[:12]})
        return
    queue_mail(email=email)


@transaction.atomic
def queue_mail(*, email: str) -> None:
    """Store that a mail is wanted, and send its task after commit."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    MAILS.queue(LinkMail.objects.create(email=email_key(email), language=language[:8]))


def send_mail(*, pk: int) -> None:
    """Mail the link that a row asks for, if an active user has the address; safe twice.

    Each attempt has a token of its own, as none is stored: the last mail is the one that counts.
    """
    job: LinkMail | None = MAILS.claim(pk)
    if job is None:
        return
    too_late = timezone.now() - job.created_at > timedelta(seconds=LINK_SECONDS)
    user = User.objects.filter(email=job.email, is_active=True).first()
    if user is None or too_late:
        job.delete()
        return
    link, token = links.make_link(user=user, reason="mail")
    try:
        message_of(link, token, job.language).send()
    except (OSError, SMTPException) as error:
        # The text of an SMTP error holds the address.
        logger.warning("mail not sent", extra={"pk": pk, "error": type(error).__name__})
        MAILS.postpone(job, cause=type(error).__name__)
        return
    OneTimeLink.objects.filter(pk=link.pk).update(mailed_at=timezone.now())
    job.delete()


def message_of(link: OneTimeLink, token: str, language: str) -> EmailMessage:
    """Return the mail, in the language that its reader asked in."""
    with translation.override(language):
        invites = link.purpose == Purpose.INVITATION
        subject = gettext("Your account at Plaza") if invites else gettext("Your new password")
        context = {"invites": invites, "address": links.address_of(token), "link": link}
        text = render_to_string("users/mail/link.txt", context)
    return EmailMessage(subject, text, to=[link.user.email])


@sensitive_variables("token", "password")
@transaction.atomic
def set_password(*, token: str, password: str) -> User:
    """Set the password of whoever a link is for, and use the link up.

    Every session and API token of theirs ends, and wrong passwords are forgotten; a second factor
    is still asked for. Who is signed in where the link is opened does not matter.

    Raises:
        InvalidLink: the link is unknown, used, replaced or expired, or its user not active.
        ValidationError: Django's: the password is too weak; the link stays good.
    """
    found = links.find_link(token)
    user = User.objects.select_for_update(no_key=True).get(pk=found.user_id)
    link = links.find_link(token, lock=True)
    validate_password(password, user=user)
    links.use_link(link=link)
    services.update_user(user=user, password=password)
    limits.forget_attempts(user.email)
    return user


def show_link(*, user: User, by: User, reason: str) -> tuple[OneTimeLink, str]:
    """Make a link for support to hand over; return it with its address, shown once.

    Raises:
        LinkRefused: the user may do what ``by`` may not.
        NoPublicUrl, InvalidLink: see :mod:`users.auth.links`.
    """
    links.address_of("")  # refused before the former link is replaced
    if not may_see_link(by.role, user.role):
        raise LinkRefused
    link, token = links.make_link(user=user, reason=reason)
    return link, links.address_of(token)


@transaction.atomic
def mail_link(*, user: User, by: User, reason: str) -> None:
    """Have a link mailed to a user, or raise LinkRefused, MailOff or NoPublicUrl."""
    links.address_of("")
    if not settings.MAIL_ENABLED:
        raise MailOff
    if not may_mail_link(by.role, user.role):
        raise LinkRefused
    journal.record(journal.Action.CHANGE, user, reason=f"A link is mailed: {reason}")
    queue_mail(email=user.email)


def mails_are_sent() -> bool:
    """Tell whether the platform sends mail at all."""
    return bool(settings.MAIL_ENABLED)
