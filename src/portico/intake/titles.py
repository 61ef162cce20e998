"""Titles as they are compared: one spelling for what is written in several ways, and which two titles are one."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator
from typing import Final

from rapidfuzz.fuzz import ratio

__all__ = ["blocks", "nearly_same", "numbers", "title_key"]

#: Similarity in percent from which two titles may be the same, and from which two words are one word misspelled.
SAME_TITLE: Final = 90.0
SAME_WORD: Final = 85.0
#: A shorter title says too little to be compared loosely.
LEAST_CHARACTERS: Final = 25
#: Short forms and spellings that one title has and another spells out.
_SPELLED: Final = {
    "sbrt": "stereotactic body radiotherapy", "sabr": "stereotactic ablative radiotherapy", "srs": "stereotactic radiosurgery",
    "ebrt": "external beam radiotherapy", "rt": "radiotherapy", "tumour": "tumor", "tumours": "tumors", "randomised": "randomized",
    "center": "centre", "centers": "centres", "multicenter": "multicentre", "vcf": "vertebral compression fracture",
    "mescc": "metastatic epidural spinal cord compression",
}  # fmt: skip
_SMALL: Final = frozenset(
    ("a", "an", "the", "of", "for", "and", "in", "on", "to", "with", "after", "from", "by", "at", "or", "its", "is", "are")
)  # fmt: skip
#: Parts that are written apart, with a hyphen, or as one word.
_JOINED: Final = re.compile(
    r"\b(?:(post|pre|non|meta|multi)[-‐‑– ]|(re|intra|inter|hypo|hyper|oligo|anti|follow)[-‐‑–])(?=[a-z]{2})"
)
_ROMAN: Final = frozenset(("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"))
#: Beginnings that look alike and mean the opposite, or another thing.
_APART: Final = (("hyper", "hypo"), ("inter", "intra"))
_MOST_BLOCKS: Final = 4


def title_key(title: str) -> str:
    """A title as it is compared: letters and digits without accents, lower case, single blanks.

    >>> title_key("Métastases: 8 Gy vs. 30 Gy?")
    'metastases 8 gy vs 30 gy'
    >>> title_key("Post-operative oesophageal toxicity") == title_key("Postoperative esophageal toxicity")
    True
    """
    plain = "".join(one for one in unicodedata.normalize("NFKD", title) if not unicodedata.combining(one)).lower()
    plain = _JOINED.sub(lambda m: m[1] or m[2], plain)
    plain = re.sub(r"[^0-9a-zα-ω]+", " ", plain).replace("radiation therapy", "radiotherapy")
    words = re.sub(r"[ao]e(?=[a-z]{3})", "e", plain).split()
    return " ".join(_SPELLED.get(word, word) for word in words)


def numbers(key: str) -> str:
    """Numbers of a title, Roman ones too: "part 1" is not "part 2", and 8 Gy is not 30 Gy."""
    return " ".join(sorted([*re.findall(r"\d+", key), *(word for word in key.split() if word in _ROMAN)]))


def _carrying(key: str) -> list[str]:
    return [word for word in key.split() if word not in _SMALL]


def blocks(key: str) -> Iterator[str]:
    """Keys under which titles meet that differ in a few misspelled words.

    The words are dealt into groups by their first two letters, so that a misspelled word spoils its own group alone.
    """
    words = sorted(set(_carrying(key)))
    count = max(2, min(_MOST_BLOCKS, len(words) // 3))
    groups: list[list[str]] = [[] for _ in range(count)]
    for word in words:
        groups[zlib.crc32(word[:2].encode()) % count].append(word)
    for at, group in enumerate(groups):
        if group:
            yield f"{at} {' '.join(group)}"


def nearly_same(one: str, other: str) -> float | None:
    """Similarity in percent of two keys that are one title with words misspelled or in another order; None when they are not.

    A word more, a word less, or another word makes another title: "cervical" is not "thoracic".
    """
    mine, yours = sorted(_carrying(one)), sorted(_carrying(other))
    if len(mine) != len(yours):
        return None
    alike = float(ratio(" ".join(mine), " ".join(yours), score_cutoff=SAME_TITLE))
    if not alike:
        return None
    pairs = zip(_without(mine, yours), _without(yours, mine), strict=True)
    return alike if all(_same_word(left, right) for left, right in pairs) else None


def _without(words: list[str], others: list[str]) -> list[str]:
    left = list(others)
    found = []
    for word in words:
        if word in left:
            left.remove(word)
        else:
            found.append(word)
    return found


def _same_word(one: str, other: str) -> bool:
    if one[:2] != other[:2] or any(
        {one.startswith(left), other.startswith(left)} == {True, False}
        and {one.startswith(right), other.startswith(right)} == {True, False}
        for left, right in _APART
    ):
        return False
    return ratio(one, other) >= SAME_WORD
