"""The one grammar of plan metrics, used by the knowledge, the Directive, the plan check and planning.

>>> parse_metric("D0.03cc")
Metric(kind='dose_at_volume', amount=0.03, amount_unit='cc', eqd2_alpha_beta=None, bed_alpha_beta=None)
>>> str(parse_metric("EQD2_2:Dmax"))
'EQD2_2:Dmax'

=============  ===================================================================  ==============
written        what it is                                                           unit of value
=============  ===================================================================  ==============
``Dmax``       highest dose in any voxel of the structure                           Gy
``Dmin``       lowest dose in any voxel of the structure                            Gy
``Dmean``      mean dose of the structure                                           Gy
``D0.03cc``    least dose of the hottest 0.03 cm3                                   Gy
``D95%``       least dose of the hottest 95 % of the volume                         Gy
``V20Gy``      volume that receives 20 Gy or more                                   % or cm3
``EQD2_2:…``   the same after each voxel is turned into EQD2 with α/β of 2 Gy       as above
``BED_10:…``   the same after each voxel is turned into BED with α/β of 10 Gy       as above
=============  ===================================================================  ==============

The letters are case-sensitive, no space stands inside, and a unit is never implied: ``D95`` is refused. What
does not fit the grammar can be displayed, but nothing is computed from it.

Source: AAPM TG-263 report (DVH metric nomenclature), with cc for cm3 and a prefix for EQD2 and BED.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from portico.errors import DirectiveRefused
from portico.reading import did_you_mean

__all__ = ["Metric", "MetricKind", "parse_metric", "unit_allowed"]

MetricKind = Literal["dmax", "dmin", "dmean", "dose_at_volume", "volume_at_dose"]

_NUMBER: Final = r"(?:0|[1-9][0-9]{0,4})(?:\.[0-9]{1,4})?"
_GRAMMAR: Final = re.compile(
    rf"(?:(?P<scale>EQD2|BED)_(?P<ab>{_NUMBER}):)?"
    rf"(?:(?P<word>Dmax|Dmin|Dmean)|D(?P<volume>{_NUMBER})(?P<unit>cc|%)|V(?P<dose>{_NUMBER})Gy)"
)
#: Longest text read as a metric, in characters.
_LONGEST: Final = 40
_WORDS: Final[dict[str, MetricKind]] = {"Dmax": "dmax", "Dmin": "dmin", "Dmean": "dmean"}
_EXAMPLES: Final = "Write Dmax, Dmin, Dmean, D0.03cc, D95%, V20Gy, or with a prefix EQD2_2:Dmax."
#: Slips that are recognised to suggest the right form; a slip is never accepted.
_SLIPS: Final = (
    (re.compile(r"\s+|\(point\)"), ""),
    (re.compile(r"cm3|cm\^3|cm³|ccm|ml|cc", re.IGNORECASE), "cc"),
    (re.compile(r"gy", re.IGNORECASE), "Gy"),
    (re.compile(r"^(?:pmax|maximum|max)$", re.IGNORECASE), "Dmax"),
    (re.compile(r"^(?:mean)$", re.IGNORECASE), "Dmean"),
    (re.compile(r"(?<![a-z0-9])d(?=[0-9])", re.IGNORECASE), "D"),
    (re.compile(r"(?<![a-z0-9])v(?=[0-9])", re.IGNORECASE), "V"),
    (re.compile(r"(?<![0-9.])0+(?=[0-9])"), ""),
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One plan metric; :func:`parse_metric` is the usual way to make one.

    >>> Metric("volume_at_dose", 20.0, "Gy").text
    'V20Gy'

    Parameters
    ----------
    kind : ``dmax``, ``dmin``, ``dmean``, ``dose_at_volume`` or ``volume_at_dose``
    amount : the number inside the name, in ``amount_unit``; None for dmax, dmin and dmean
    amount_unit : ``cc`` or ``%`` for dose_at_volume, ``Gy`` for volume_at_dose, else None
    eqd2_alpha_beta : α/β in Gy when the dose is EQD2; None when it is not
    bed_alpha_beta : α/β in Gy when the dose is BED; None when it is not

    Raises
    ------
    DirectiveRefused : ``metric-unknown`` when the parts make no metric of the grammar
    """

    kind: MetricKind
    amount: float | None = None
    amount_unit: Literal["cc", "%", "Gy"] | None = None
    eqd2_alpha_beta: float | None = None
    bed_alpha_beta: float | None = None

    def __post_init__(self) -> None:
        parts = (self.kind, self.amount, self.amount_unit, self.eqd2_alpha_beta, self.bed_alpha_beta)
        try:
            made = _parts(self.text)
        except (ArithmeticError, TypeError, ValueError):
            made = None
        if made != parts:
            raise DirectiveRefused("These parts do not make a plan metric.", code="metric-unknown", fix=_EXAMPLES)

    @property
    def text(self) -> str:
        """The metric as it is written; reading it gives the same metric back."""
        prefix = ""
        if self.eqd2_alpha_beta is not None:
            prefix = f"EQD2_{_plain(self.eqd2_alpha_beta)}:"
        elif self.bed_alpha_beta is not None:
            prefix = f"BED_{_plain(self.bed_alpha_beta)}:"
        if self.kind == "volume_at_dose" and self.amount is not None:
            return f"{prefix}V{_plain(self.amount)}{self.amount_unit}"
        if self.kind == "dose_at_volume" and self.amount is not None:
            return f"{prefix}D{_plain(self.amount)}{self.amount_unit}"
        return f"{prefix}D{self.kind[1:]}"

    @property
    def is_dose(self) -> bool:
        """True when the value of the metric is a dose in Gy, False when it is a volume."""
        return self.kind != "volume_at_dose"

    def __str__(self) -> str:
        return self.text


def parse_metric(text: object, *, path: str = "", file: str | None = None, line: int | None = None) -> Metric:
    """Read a plan metric.

    >>> parse_metric("V20Gy").kind
    'volume_at_dose'
    >>> parse_metric("D95")
    Traceback (most recent call last):
    ...
    portico.errors.DirectiveRefused: This is not a plan metric. Did you mean D95% or D95cc?

    Parameters
    ----------
    text : one metric in the grammar at the head of this module
    path, file, line : place of the text, for the error

    Raises
    ------
    DirectiveRefused : ``metric-unknown`` for everything outside the grammar, and for D0cc, V0Gy, more than
        100 % and an α/β of zero
    """
    parts = _parts(text) if isinstance(text, str) else None
    if parts is None:
        fix = _suggestion(text) if isinstance(text, str) and len(text) <= _LONGEST else _EXAMPLES
        raise DirectiveRefused(
            "This is not a plan metric.", code="metric-unknown", path=path, file=file, line=line, fix=fix
        )
    return Metric(*parts)


def unit_allowed(metric: Metric | str, unit: str) -> bool:
    """Whether a value of this metric may be given in that unit.

    >>> unit_allowed("V20Gy", "%"), unit_allowed("V20Gy", "Gy"), unit_allowed("D95%", "Gy")
    (True, False, True)

    Parameters
    ----------
    metric : a metric or its text
    unit : ``Gy``, ``%`` or ``cm3``, as written

    Raises
    ------
    DirectiveRefused : ``metric-unknown``
    """
    known = metric if isinstance(metric, Metric) else parse_metric(metric)
    return unit == "Gy" if known.is_dose else unit in ("%", "cm3")


_Parts = tuple[MetricKind, "float | None", 'Literal["cc", "%", "Gy"] | None', "float | None", "float | None"]


def _parts(text: str) -> _Parts | None:
    """The parts of a metric, or None when the text is none."""
    match = _GRAMMAR.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    ratio = None if match["ab"] is None else float(match["ab"])
    if ratio == 0:
        return None
    eqd2, bed = (ratio, None) if match["scale"] == "EQD2" else (None, ratio)
    if match["word"] is not None:
        return _WORDS[match["word"]], None, None, eqd2, bed
    if match["dose"] is not None:
        amount = float(match["dose"])
        return ("volume_at_dose", amount, "Gy", eqd2, bed) if amount > 0 else None
    amount = float(match["volume"])
    if amount == 0 or (match["unit"] == "%" and amount > 100):
        return None
    return "dose_at_volume", amount, "cc" if match["unit"] == "cc" else "%", eqd2, bed


def _plain(number: float) -> str:
    """Shortest decimal text without exponent."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _suggestion(text: str) -> str:
    """What was probably meant, else the whole list of forms."""
    for pattern, right in _SLIPS:
        text = pattern.sub(right, text)
    if _parts(text) is not None:
        return f"Did you mean {text}?"
    units = ("%", "cc") if text.rpartition(":")[2].startswith("D") else ("Gy",)
    complete = [text + unit for unit in units if _parts(text + unit) is not None]
    if complete:
        return f"Did you mean {' or '.join(complete)}?"
    near = did_you_mean(text, _WORDS)
    return f"Did you mean {near}?" if near else _EXAMPLES
