"""What phones pull and push (docs/adr/0013)."""
