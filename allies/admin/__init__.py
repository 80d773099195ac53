"""The pages of the admin."""

from allies.admin import ally as ally
