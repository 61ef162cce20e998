"""Patterns of figures in abstracts: numbers in digits or words, doses with their unit, outcomes, times.

Every repetition has an upper bound, so that no text makes a pattern run for longer than its length.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "AT_FOLLOW_UP",
    "BETWEEN",
    "CONTROL",
    "DECIMAL",
    "DOSE",
    "EQUIVALENT",
    "EVENTS",
    "FAILURE",
    "FOLLOW",
    "FRACTIONS",
    "FRACTIONS_OF",
    "FREE_AFTER",
    "FREE_BEFORE",
    "FREE_SURVIVAL",
    "HAZARD",
    "INTERVAL",
    "LESIONS",
    "LINK",
    "LOST_BEFORE",
    "OTHER",
    "PART_OF",
    "PATIENTS",
    "PATIENTS_N",
    "PER",
    "PERCENT",
    "PERCENTS",
    "P_VALUE",
    "REGIMEN",
    "REVERSED",
    "SPREAD",
    "SURVIVAL",
    "TIME",
    "TIMES",
    "TIMES_AFTER",
    "TIMES_BEFORE",
    "WORDS",
]

WORDS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "single": 1,
}  # fmt: skip
TENS: Final = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
NUMBER_WORD: Final = rf"(?:(?:{TENS})[- ](?:one|two|three|four|five|six|seven|eight|nine)|{'|'.join(sorted(WORDS, key=len, reverse=True))})"
N: Final = r"\d{1,3}(?:[,\u2009 ]\d{3}){1,2}\b|\d{1,9}"
DECIMAL: Final = r"\d{1,9}(?:[.·]\d{1,9})?"
BRACKETED: Final = r"\([^)]{0,80}\)"
DASH: Final = r"\s*(?:-|–|—|to)\s*"
ADJECTIVES: Final = (
    r"(?:(?:consecutive|eligible|evaluable|treated|adult|cancer|unique|study|enrolled|metastatic|spinal|spine|bone|bony|irradiated|"
    r"postoperative|post-operative|osseous|operated|vertebral|target|separate|total|long|nailed)\s+){0,3}"
)
PATIENTS: Final = re.compile(
    rf"(?<![\d.·])\b({N}|{NUMBER_WORD})\s+{ADJECTIVES}(?:patients|pts|subjects|individuals|participants|women|men|cases)\b",
    re.I,
)
PATIENTS_N: Final = re.compile(rf"\bpatients\s*\(\s*n\s*=\s*({N})\s*\)", re.I)
LESIONS: Final = re.compile(
    rf"(?<![\d.·])\b({N}|{NUMBER_WORD})\s+{ADJECTIVES}(?:lesions|metastases|segments|levels|tumou?rs|sites|"
    r"targets|vertebrae|vertebral bodies|bones|implants|procedures|treatments)\b",
    re.I,
)
GY: Final = r"(c?Gy)(?:\s*\((?:RBE|EQD2)\))?(?![A-Za-z\d])"
#: A dose: thousands may be grouped by commas; what follows a comma or point is never read by itself.
GRAY: Final = r"(?<![\d.,])(\d{1,3}(?:,\d{3}){1,2}|\d{1,9}(?:[.·]\d{1,9})?)"
COUNT: Final = rf"(\d{{1,2}}|{NUMBER_WORD})"
DOSE: Final = re.compile(rf"{GRAY}(?:{DASH}(\d+(?:[.·]\d+)?))?[\s-]*{GY}", re.I)
FRACTIONS: Final = re.compile(
    rf"\b{COUNT}(?:(?:{DASH}|\s+or\s+){COUNT})?[\s-]*(?:daily\s+|consecutive\s+)?(?:fractions?|fx|fr)\b", re.I
)
REGIMEN: Final = re.compile(
    rf"{GRAY}[\s-]*{GY}\s*(?:(?:was|were)\s+)?(?:(?:delivered|given|administered|prescribed)\s+)?"
    rf"(?:to\s+(?:the\s+|a\s+)?(?:[a-z-]+\s+){{1,4}}?)?(?:in|/|over|as|using|\()\s*(?:a\s+)?{COUNT}\b\s*"
    r"(?:(?:daily\s+|consecutive\s+)?(?:fractions?\b|fx\b|fr\b))?",
    re.I,
)
#: Fractions first, then the total dose.
REVERSED: Final = re.compile(
    rf"\b{COUNT}\s*(?:daily\s+)?(?:fractions?|fx)\s*(?:,?\s*(?:(?:to|for)\s+(?:a\s+)?(?:total(?:\s+dose)?|dose)\s+of\s+|totall?ing\s+)|\(){GRAY}\s*{GY}",
    re.I,
)
PER: Final = re.compile(rf"{GRAY}[\s-]*{GY}\s*(?:(?:per|/|a|each)\s*(?:fraction|fx)\b|(?:daily\s+)?fractions?\b)", re.I)
FRACTIONS_OF: Final = re.compile(rf"\bfractions?\s+of\s+{GRAY}\s*{GY}", re.I)
#: Dose times number of fractions, in either order: the dose is that of one fraction.
TIMES_AFTER: Final = re.compile(rf"{GRAY}\s*{GY}\s*[×x*]\s*(\d{{1,2}})\b(?!\s*c?Gy)", re.I)
TIMES_BEFORE: Final = re.compile(rf"(?<![\d.,])(\d{{1,2}})\s*[×x*]\s*{GRAY}\s*{GY}", re.I)
#: Doses that are computed, not given.
EQUIVALENT: Final = re.compile(
    r"\b(?:EQD2|BED)(?![A-Za-z])|biologically (?:effective|equivalent)|equivalent dose", re.I
)
CONTROL: Final = r"(?:local(?:\s+tumou?r)?\s+control|in-?field\s+control|radiographic\s+control|tumou?r\s+control|locally\s+controlled)"
FAILURE: Final = (
    r"(?:local(?:ly)?\s+(?:failures?|recurrences?|progressions?|recurred|failed|relapses?)|"
    r"(?:in-?field|tumou?r|disease)\s+(?:failure|recurrence|progression)|(?:failed|recurred|progressed)\s+locally)"
)
#: Words before an outcome, or behind it, that turn it round.
FREE_BEFORE: Final = re.compile(
    r"(?:free(?:dom)?[\s-]+(?:from|of)|without|absence of|\bno)\s+(?:any\s+|subsequent\s+|further\s+|evidence of\s+)?$",
    re.I,
)
FREE_AFTER: Final = re.compile(r"[\s-]*free\b", re.I)
#: Survival without an outcome counts deaths as well, and is another outcome.
FREE_SURVIVAL: Final = re.compile(r"[\s-]*free\s+survival", re.I)
LOST_BEFORE: Final = re.compile(r"(?:loss|lack)\s+of\s+$", re.I)
#: Outcomes that are not taken, named so that their percentages go to no other.
OTHER: Final = (
    r"(?:pain\s+(?:response|relief|control|progression)|(?:fractures?)\s+(?:rates?|occurred|developed|was|were|in)\b|"
    r"complications?|toxicit(?:y|ies)|myelopathy|re-?operations?|revisions?|re-?treatments?|infections?|mortality|adverse events?|"
    r"(?:distant|regional|marginal)\s+(?:failures?|recurrences?|progressions?|control)|(?<!local )progression-free survival|\bPFS\b|"
    r"(?:disease|cancer|recurrence)-(?:free|specific)\s+survival|ambulat(?:ory|ion)|\bresponse\s+rates?)"
)
SURVIVAL: Final = (
    r"(?:overall\s+survival|\bOS\b|(?<!free )(?<!free-)(?<!specific )(?<!median )(?<!overall )\bsurvival\b"
    r"(?!\s+(?:time|was\s+\S+\s+months)))"
)
PERCENT: Final = re.compile(rf"(?<![\d.·])({DECIMAL}|\b{NUMBER_WORD})\s*(?:%|percent\b|per cent\b)", re.I)
EVENTS: Final = re.compile(
    rf"\b({N}|{NUMBER_WORD})\s*(?:\(\s*({DECIMAL})\s*%\s*\)\s*)?(/|of(?:\s+the)?|out of)\s*({N})\b(?!\s*(?:c?Gy\b|months|years|%))",
    re.I,
)
#: A number before "of": what follows is its denominator, and no number of patients of its own.
PART_OF: Final = re.compile(
    rf"(?:(?:\d|%\s*\)|\b(?:{NUMBER_WORD}))\s+(?:out\s+)?of(?:\s+the)?|\b(?:most|all|some|half|rest|majority|each) of(?: the)?|"
    r"/|grade|stage)\s*$",
    re.I,
)
P_VALUE: Final = re.compile(
    r"\bp\s*(?:-?\s*values?)?\s*(?:of\s*|was\s*)?(<|>|=|≤|≥)\s*(0?[.·]\d+|0|1(?:\.0+)?)(?![\d%])", re.I
)
#: Before a percentage: it is a spread or a step, no rate.
SPREAD: Final = re.compile(
    r"(?:\b(?:each|every|per)\b|\bSEM?|\bSD|standard (?:error|deviation)|±)\s*(?:of|=|:)?\s*$", re.I
)
#: What may stand between a rate and its time: brackets, and a few words without a figure.
BETWEEN: Final = re.compile(rf"\s*(?:{BRACKETED}\s*)?(?:[a-z-]+\s+){{0,5}}(?:at|after|by)\s*(?:an?\s*)?", re.I)
AT_FOLLOW_UP: Final = re.compile(
    r"\b(?:at|after|with|over)\s+(?:an?\s+|the\s+)?(?:median\s+|mean\s+|last\s+|latest\s+|final\s+)+follow-?\s?up", re.I
)
INTERVAL: Final = re.compile(
    rf"95\s*%\s*(?:CI|confidence interval)s?\s*[,:=]?\s*[(\[]?\s*({DECIMAL})\s*%?\s*(?:-|–|—|to|,)\s*({DECIMAL})\s*(%)?",
    re.I,
)
HAZARD: Final = re.compile(
    rf"\b(?:HR|hazard ratio|sHR|subhazard ratio|adjusted hazard ratio)\s*(?:{BRACKETED})?\s*(?:for\s+(?:[a-z-]+\s+){{1,4}}?)?"
    rf"(?:of|was|=|:|,)?\s*({DECIMAL})",
    re.I,
)
FOLLOW: Final = re.compile(
    rf"(?:median|mean)\s+follow-?\s?up[^.;]{{0,40}}?({DECIMAL})\s*(months?|years?|mo\b|yrs?\b)", re.I
)
TIME: Final = re.compile(rf"\b({DECIMAL}|{NUMBER_WORD})[\s-]*(months?|years?|mo\b|yrs?\b)", re.I)
#: Words that may stand between a percentage and the outcome it belongs to.
LINK: Final = re.compile(
    r"\s*(?:\([^)]{0,80}\)\s*)?(?:(?:of|had|had a|developed|with|in|experienced|one-year|1-year|2-year|\d+-month|of patients had|"
    r"of lesions had)\s*)*(?:\w+\s)?"
)
#: Several times in one list: "at 6, 12 and 24 months".
TIMES: Final = re.compile(
    rf"\b((?:(?:{DECIMAL}|{NUMBER_WORD})(?:\s*,\s*|\s+)){{1,8}}(?:,\s*)?(?:and|&)\s+(?:{DECIMAL}|{NUMBER_WORD}))[\s-]*(months?|years?|mo\b|yrs?\b)",
    re.I,
)
#: Several percentages in one list: "93 %, 84 % and 78 %".
PERCENTS: Final = re.compile(
    rf"{DECIMAL}\s*(?:%|percent\b)(?:\s*{BRACKETED})?(?:\s*(?:,|and|&|,\s*and)\s*{DECIMAL}\s*(?:%|percent\b)(?:\s*{BRACKETED})?){{1,8}}",
    re.I,
)
