"""Allies from files: rows checked, then written."""
