"""Patterns of figures in abstracts: numbers in digits or words, doses with their unit, outcomes, times."""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "CONTROL",
    "DECIMAL",
    "DOSE",
    "EVENTS",
    "FAILURE",
    "FOLLOW",
    "FRACTIONS",
    "HAZARD",
    "INTERVAL",
    "LESIONS",
    "LINK",
    "PATIENTS",
    "PATIENTS_N",
    "PER",
    "PERCENT",
    "PERCENTS",
    "REGIMEN",
    "SURVIVAL",
    "TIME",
    "TIMES",
    "WORDS",
]

WORDS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "single": 1,
}  # fmt: skip
TENS: Final = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
NUMBER_WORD: Final = rf"(?:(?:{TENS})[- ](?:one|two|three|four|five|six|seven|eight|nine)|{'|'.join(sorted(WORDS, key=len, reverse=True))})"
N: Final = r"\d{1,3}(?:[,\u2009 ]\d{3})+|\d+"
DECIMAL: Final = r"\d+(?:[.·]\d+)?"
DASH: Final = r"\s*(?:-|–|—|to)\s*"
ADJECTIVES: Final = (
    r"(?:(?:consecutive|eligible|evaluable|treated|adult|cancer|unique|study|enrolled|metastatic|spinal|spine|bone|bony|irradiated|"
    r"postoperative|post-operative|osseous|operated|vertebral|target|separate|total)\s+){0,3}"
)
PATIENTS: Final = re.compile(
    rf"\b({N}|{NUMBER_WORD})\s+{ADJECTIVES}(?:patients|pts|subjects|individuals|participants|women|men|cases)\b",
    re.I,
)
PATIENTS_N: Final = re.compile(rf"\bpatients\s*\(\s*n\s*=\s*({N})\s*\)", re.I)
LESIONS: Final = re.compile(
    rf"\b({N}|{NUMBER_WORD})\s+{ADJECTIVES}(?:lesions|metastases|segments|levels|tumou?rs|sites|"
    r"targets|vertebrae|vertebral bodies|bones|implants|procedures|treatments)\b",
    re.I,
)
GY: Final = r"(c?Gy)(?:\s*\((?:RBE|EQD2)\))?(?![A-Za-z\d])"
DOSE: Final = re.compile(rf"\b({DECIMAL})(?:{DASH}({DECIMAL}))?\s*{GY}", re.I)
FRACTIONS: Final = re.compile(
    rf"\b(\d{{1,2}}|{NUMBER_WORD})(?:(?:{DASH}|\s+or\s+)(\d{{1,2}}|{NUMBER_WORD}))?\s*(?:daily\s+)?(?:fractions?|fx|fr)\b",
    re.I,
)
REGIMEN: Final = re.compile(
    rf"\b({DECIMAL})\s*{GY}\s*(?:delivered\s+|given\s+)?(?:in|/|over|×|x)\s*(?:a\s+)?"
    rf"(\d{{1,2}}|{NUMBER_WORD})\s*(?:daily\s+)?(?:fractions?\b|fx\b|fr\b)?",
    re.I,
)
PER: Final = re.compile(rf"\b({DECIMAL})\s*{GY}\s*(?:per|/|a)\s*fraction", re.I)
CONTROL: Final = r"(?:local(?:\s+tumou?r)?\s+control|in-?field\s+control|radiographic\s+control|tumou?r\s+control)"
FAILURE: Final = (
    r"(?:local(?:ly)?\s+(?:failures?|recurrences?|progressions?|recurred|failed|relapses?)|"
    r"(?:in-?field|tumou?r|disease)\s+(?:failure|recurrence|progression)|(?:failed|recurred|progressed)\s+locally)"
)
SURVIVAL: Final = r"(?:overall\s+survival|\bOS\b)"
PERCENT: Final = re.compile(rf"({DECIMAL})\s*(?:%|percent\b|per cent\b)", re.I)
EVENTS: Final = re.compile(rf"\b({N})\s*(?:/|of(?:\s+the)?|out of)\s*({N})\b(?!\s*(?:{GY}|months|years))", re.I)
INTERVAL: Final = re.compile(
    rf"95\s*%\s*(?:CI|confidence interval)s?\s*[,:=]?\s*[(\[]?\s*({DECIMAL})\s*%?\s*(?:-|–|—|to|,)\s*({DECIMAL})\s*(%)?",
    re.I,
)
HAZARD: Final = re.compile(
    rf"\b(?:HR|hazard ratio|sHR|subhazard ratio|adjusted hazard ratio)\s*(?:\([^)]*\))?\s*(?:of|was|=|:|,)?\s*({DECIMAL})",
    re.I,
)
FOLLOW: Final = re.compile(
    rf"(?:median|mean)\s+follow-?\s?up[^.;]{{0,40}}?({DECIMAL})\s*(months?|years?|mo\b|yrs?\b)", re.I
)
TIME: Final = re.compile(rf"\b({DECIMAL}|{NUMBER_WORD})[\s-]*(months?|years?|mo\b|yrs?\b)", re.I)
#: Words that may stand between a percentage and the outcome it belongs to.
LINK: Final = re.compile(
    r"\s*(?:\([^)]*\)\s*)?(?:(?:of|had|had a|developed|with|in|experienced|one-year|1-year|2-year|\d+-month|of patients had|"
    r"of lesions had)\s*)*(?:\w+\s)?"
)
#: Several times in one list: "at 6, 12 and 24 months".
TIMES: Final = re.compile(
    rf"\b((?:{DECIMAL}(?:\s*,\s*|\s+))+(?:,\s*)?(?:and|&)\s+{DECIMAL})[\s-]*(months?|years?|mo\b|yrs?\b)", re.I
)
#: Several percentages in one list: "93 %, 84 % and 78 %".
PERCENTS: Final = re.compile(
    rf"{DECIMAL}\s*(?:%|percent\b)(?:\s*\([^)]*\))?(?:\s*(?:,|and|&|,\s*and)\s*{DECIMAL}\s*(?:%|percent\b)(?:\s*\([^)]*\))?)+",
    re.I,
)
