"""Writes of the app, and the working time that they count."""
