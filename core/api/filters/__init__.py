"""Filters of lists, and the form fields that read their values."""
