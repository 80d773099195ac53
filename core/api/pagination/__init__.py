"""Keyset pages, and their place behind a URL."""
