"""The one audit trail: what is written to it, and how people read it."""
