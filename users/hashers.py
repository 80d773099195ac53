"""How passwords are stored."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class PlazaArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP ASVS 5.0, 11.4: 46 MiB, one pass, one lane.

    Django's own (100 MiB, two passes, eight lanes) cost more than twice the time: too much on the
    morning when every field seller signs in within minutes. Older hashes are renewed on sign-in.
    """

    time_cost = 1
    memory_cost = 46 * 1024
    parallelism = 1
