"""What the films' lines of the journal are called (:mod:`core.admin.words`)."""

import re

from django.utils.translation import gettext

WIPE = re.compile(r"wipe (?P<key>[0-9]+) of user (?P<user>[0-9]+)(?P<undone> undone)?")


def reason(text: str) -> str:
    """Return which list was wiped or came back, in words; nothing for another text."""
    if (found := WIPE.fullmatch(text)) is None:
        return ""
    about = {"key": found["key"], "user": found["user"]}
    if found["undone"]:
        return gettext("List %(key)s of user %(user)s brought back") % about
    return gettext("List %(key)s of user %(user)s wiped") % about
