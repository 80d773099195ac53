"""Limits of accounts and tokens, and what the demo data uses."""

MAX_PASSWORD_CHARACTERS = 1000
MAX_USER_AGENT_CHARACTERS = 200
MAX_ADDRESS_CHARACTERS = 45  # of IPv6 with an IPv4 tail
SESSION_SEEN_EVERY_SECONDS = 60  # in the admin; a refresh of tokens is noted each time
MAX_ACCOUNT_CHANGES = 10  # tries to change one's e-mail address or to leave, each counted
ACCOUNT_CHANGES_WINDOW_SECONDS = 3600
LINK_SECONDS = 3600
LINKS_WINDOW_SECONDS = 3600
MAX_LINKS_PER_ACCOUNT = 3  # mails with a link within the window
MAX_LINKS_PER_CLIENT = 30  # asked for from one address, behind which many may be
MAX_LINK_TOKEN_CHARACTERS = 200
MAX_OTP_CHARACTERS = 40
MAX_SECOND_FACTOR_GUESSES = 10
SECOND_FACTOR_WINDOW_SECONDS = 3600
RECOVERY_CODES = 10
MAX_BEARER_BYTES = 4096
# By which a node's clock may be behind the one that a token was dated by. It prolongs no token.
MAX_CLOCK_SKEW_SECONDS = 600
MIN_API_TOKEN_CHARACTERS = 8
API_TOKEN_PREFIX = "plz_"  # noqa: S105 - a prefix tells secret scanners what they found
API_TOKEN_SEEN_EVERY_SECONDS = 60
API_TOKEN_DAYS = 90  # of one's own, when nobody says how long
MAX_API_TOKEN_DAYS = 365
MAX_API_TOKENS = 20  # good ones at a time that a user makes for themselves
API_TOKEN_LAST_YEAR = 2200  # the last evening of 9999 in Bogota is a year that Python cannot read

DEVICE_COOKIE = "plaza_device"
DEVICE_HEADER = "X-Device"
DEVICE_MAX_AGE_SECONDS = 400 * 86400  # what browsers allow at most

# Known to everybody who read the repository: production refuses to start with them (checks.py).
DEMO_PASSWORD = "plaza-demo-2026"  # noqa: S105 - a demo password is no secret
DEMO_DOMAIN = "@plaza.example"  # of everybody whom demo data makes, in whatever app
DEMO_EMAILS = ("admin@plaza.example", "consumer@plaza.example")
DEMO_TOKENS = ("abcdef1234567890", "1234567890")
