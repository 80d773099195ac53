"""Tables of characters that the keys in :mod:`core.text` are made by."""

import re

# Default_Ignorable_Code_Point: what fonts show nothing for. From Unicode 16.0,
# https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt; unassigned ones included, so
# that the table does not depend on the Unicode version of Python (14.0 in 3.11).
IGNORABLE_RANGES = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors and vowel separator
    (0x200B, 0x200F),  # zero-width space, joiners, direction marks
    (0x202A, 0x202E),  # bidirectional embeddings and overrides
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates, deprecated formats
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFF8),  # unassigned
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tags, variation selectors supplement
)
IGNORABLE = re.compile(
    "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in IGNORABLE_RANGES) + "]+"
)
# Letters and symbols whose picture is empty by their definition: Braille pattern blank, musical
# null notehead, Egyptian full and half blank (names list of The Unicode Standard).
BLANK = re.compile("[\u2800\U0001d159\U00013441\U00013442]")

# What people type for an apostrophe, and what keyboards and programs make of it: a search looks
# for none of them. Spacing accents are here, as compatibility forms would become blanks.
APOSTROPHES = re.compile(
    "['`\u00b4\u02b9-\u02bf\u02c8\u02ca\u02cb\u0374\u0384\u055a\u05f3\u07f4\u07f5"
    "\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u2018-\u201b\u2032\u2035\ua78b\ua78c\uff07\uff40]"
)
# Case-folded letters that Unicode does not decompose, below the ones that people write without the
# keys for them (after CLDR's root collation and the transliterations in common use).
PLAIN_LETTERS = {
    "ae": "\u00e6",
    "b": "\u0180\u0183\u0253",
    "c": "\u0188\u023c",
    "d": "\u00f0\u0111\u018c\u0256\u0257",
    "e": "\u01dd\u0247\u0259\u025b",
    "f": "\u0192",
    "g": "\u01e5\u0260",
    "h": "\u0127\u2c68",
    "i": "\u0131\u0268\u0269",
    "j": "\u0237\u0249",
    "k": "\u0138\u0199\u2c6a",
    "l": "\u0142\u019a\u026b\u2c61",
    "m": "\u0271",
    "n": "\u014b\u019e\u0272",
    "o": "\u00f8\u0254\u0275",
    "oe": "\u0153",
    "ou": "\u0223",
    "p": "\u01a5\u1d7d",
    "q": "\u024b",
    "r": "\u024d\u027d",
    "s": "\u023f",
    "t": "\u0167\u01ab\u01ad\u0288\u2c66",
    "th": "\u00fe",
    "u": "\u0289\u028a",
    "v": "\u028b",
    "w": "\u2c73",
    "y": "\u01b4\u024f",
    "z": "\u01b6\u0225\u0240\u2c6c",
}
LETTERS = {ord(letter): plain for plain, letters in PLAIN_LETTERS.items() for letter in letters}
