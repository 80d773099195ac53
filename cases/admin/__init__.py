"""The desk of support, and the rules that its due times follow."""

from cases.admin import case, rules

__all__ = ["case", "rules"]
