"""The admin: the base of every app's pages, and the kernel's own ones."""

from core.admin import background as background
from core.admin import home as home
from core.admin import journal as journal
from core.admin import pages as pages
from core.admin import search as search
