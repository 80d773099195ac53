"""The catalogue from and to files, and many rows at once."""
