"""Clients that three generators make of openapi.yaml, each with a small program."""
