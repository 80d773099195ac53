"""Calls to APIs outside: deadline, retries, circuit breaker, checked addresses."""
