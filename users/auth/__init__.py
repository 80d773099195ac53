"""Who calls: sessions, tokens, devices, and the limits of guessing."""
