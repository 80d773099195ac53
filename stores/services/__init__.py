"""Writes with consequences, by what they are about."""
