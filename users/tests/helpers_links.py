"""Links by mail: asking for one, reading the mail, using it."""

import re

from django.core import mail

from users.models import LinkMail
from users.tasks import mail_link

NEW = "another good phrase"
ASK = "/api/auth/password-reset"
USE = "/api/auth/password-reset/confirm"
LINK = re.compile(r"http://127\.0\.0\.1:9050/admin/password-reset/confirm/#([\w-]{43})\n")


def send_all():
    for pk in LinkMail.objects.order_by("pk").values_list("pk", flat=True):
        mail_link(pk=pk)


def mailed(api, email):
    """Ask for a link and return the token of the mail."""
    assert api.post(ASK, {"email": email}).status_code == 202
    send_all()
    return LINK.search(mail.outbox[-1].body)[1]


def use(api, token, password=NEW, **headers):
    return api.post(USE, {"token": token, "password": password}, **headers)


def assert_refused(response, code="invalid_link"):
    assert (response.status_code, response.json()["code"]) == (400, code)
