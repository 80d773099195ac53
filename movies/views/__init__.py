"""The routes' views, by what they are about."""
