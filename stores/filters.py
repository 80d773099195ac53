"""What the lists of the app can be filtered by."""
