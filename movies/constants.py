"""The vocabulary of the movies app."""

import re
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_PAGE = 500  # TMDB's own bound
MAX_MOVIE_ID = 2**31 - 1  # TMDB's ids are int32
MAX_STARS = 5
TITLE_LENGTH = 300
# What a favourite shows beside the movie's document, in which these names mean nothing.
OWN_FIELDS = ("my_rating", "added_at")

# A wipe can be undone so long; afterwards its favourites are deleted for good.
UNDO_TIME = timedelta(days=30)
# Details that favourites show are read from TMDB again when they are so old.
REFRESH_AFTER = timedelta(days=7)
# TMDB's terms: nothing of it is kept longer without asking again.
DETAILS_KEPT = timedelta(days=settings.TMDB_DAYS)
# The answers kept in the database: nobody can fill the disk by asking for odd pages.
MAX_ANSWERS = 20_000

LANGUAGE = re.compile(r"[a-z]{2}(?:-(?P<country>[A-Z]{2}))?")
# ISO 3166-1 alpha-2
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)
COUNTRIES = frozenset(_CODES.split())


class RefreshStatus(models.TextChoices):
    """Whether a movie's details are still read again from time to time."""

    PENDING = "pending", _("kept fresh")
    GONE = "gone", _("gone from TMDB")
    FAILED = "failed", _("given up")
