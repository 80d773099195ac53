"""Credentials at a partner: sealed when they come in, opened only to call the partner."""
