"""The catalogue of movies: a port, its adapter, and what stands between them."""
