"""What the measured Plaza runs with: production's settings, and nothing outside this machine."""

from config import env
from config.settings.production import *  # noqa: F403 - production plus what a benchmark needs

DOG_API_URL = "http://127.0.0.1:1"  # no worker runs: nobody asks for pictures
TMDB_API_URL = env.text("TMDB_API_URL", "http://127.0.0.1:1")
MOVIES_CACHE_SECONDS = 3600  # "popular movies (cached)" stays cached for the run
