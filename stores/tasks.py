"""Background work of the app: safe twice."""
