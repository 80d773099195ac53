"""The read path that skips model instances and serializer fields."""
