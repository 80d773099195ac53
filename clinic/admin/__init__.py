"""The pages of the admin."""

from clinic.admin import records as records
