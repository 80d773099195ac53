"""Backups: one file with the database, the media and a list of the keys that open what is in it."""
