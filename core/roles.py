"""The six roles: kernel vocabulary, because permission tables are written in it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a user is here for. ADMIN may do all that the others may."""

    ADMIN = "ADMIN", _("Administrator")
    SUPPORT = "SUPPORT", _("Support")
    ANALYST = "ANALYST", _("Analyst")
    CLINICIAN = "CLINICIAN", _("Clinician")
    SELLER = "SELLER", _("Field seller")
    USER = "USER", _("User")


STAFF = (Role.ADMIN, Role.SUPPORT, Role.ANALYST)  # whom the admin lets in
