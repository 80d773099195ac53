"""The vocabulary of the allies app; the messages are the brief's, word for word."""

ID_LENGTH = 64
NAME_LENGTH = 200
TAG_LENGTH = 50
MAX_TAGS = 50
ORIGIN_LENGTH = 255
MAX_ORIGINS = 50
USER_LENGTH = 200
PASSWORD_LENGTH = 1000
REASON_LENGTH = 500
MAX_AMOUNT_PESOS = 10**15

# Routes below /api/allies/ that would hide an ally of that id.
RESERVED_IDS = frozenset({"tags"})
LOG_ANALYSED = "log analysed"  # so begins what the journal says of a log; see allies.words
MAX_REPORTED_ALLIES = 10_000

CREDENTIALS_ADDED = "Credentials added"
CREDENTIALS_REFUSED = "The ally was not found or the request is not correct"
CREDENTIALS_SET = "Ally has credentials set!"
CREDENTIALS_NOT_SET = "Ally does not have credentials set!"
ALLY_NOT_FOUND = "Ally was not found"
SERVER_ERROR = "Server error"
