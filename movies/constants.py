"""The vocabulary of the movies app."""

import re
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_PAGE = 500  # TMDB's own bound
PAGE_MOVIES = 20  # TMDB's own, too
MAX_MOVIE_ID = 2**31 - 1  # TMDB's ids are int32
MAX_STARS = 5
TITLE_LENGTH = 300
REASON_LENGTH = 500
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
# Of these so many to searches, so that odd ones push out no list and no movie.
MAX_SEARCHES = 2_000
MAX_QUERY_CHARACTERS = 100
# A movie counts as gone when TMDB said so on so many days; it is asked for again now and then.
GONE_AFTER_DAYS = 3
ASK_GONE_AFTER = timedelta(days=30)

LANGUAGE = re.compile(r"(?P<language>[a-z]{2})(?:-(?P<country>[A-Z]{2}))?")
# What TMDB answers in without being asked: no language of its own.
ENGLISH = frozenset({"", "en", "en-US"})
# ISO 639-1, and TMDB's own code of Cantonese
_LANGUAGES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch cn co cr cs cu "
    "cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho "
    "hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv "
    "kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr "
    "nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so "
    "sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo "
    "xh yi yo za zh zu"
)
LANGUAGES = frozenset(_LANGUAGES.split())
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
