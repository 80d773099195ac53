"""The app's rows as JSON."""
