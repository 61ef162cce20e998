"""Published proportions of one arm: the facts of the papers named at each."""

from __future__ import annotations

from typing import Final

__all__ = ["DEBRUIN", "PRITZ"]

DEBRUIN: Final = (
    ("Andrade et al.", 2005, 21, 29, 11, "other"),
    ("Fairley et al.", 2003, 22.67, 33, 24, "caucasian"),
    ("Goujard et al.", 2003, 15.07, 326, 179, "caucasian"),
    ("Holzemer et al.", 2006, 3.67, 240, 82, "other"),
    ("Knobel et al.", 1999, 8.6, 110, 60, "caucasian"),
    ("Murphy et al.", 2002, 27.8, 29, 11, "other"),
    ("Pradier et al.", 2003, 4.8, 244, 99, "caucasian"),
    ("Rathbun et al.", 2005, 12.07, 17, 9, "caucasian"),
    ("Remien et al.", 2005, 20, 215, 88, "other"),
    ("Tuldra et al.", 2000, 7.47, 26, 17, "caucasian"),
    ("van Servellen", 2005, 7.8, 138, 26, "other"),
    ("Wagner et al.", 2006, 10.47, 55, 23, "other"),
    ("Wohl et al.", 2006, 22.8, 54, 40, "other"),
)
"""Undetectable HIV in control groups: study, year, quality of standard care, people, of these undetectable, ethnicity.

Source: de Bruin et al., Health Psychol 2009;28:668, doi 10.1037/a0015989.
"""

PRITZ: Final = (
    ("Giannotta et al.", 16, 17),
    ("Haraguchi and Ebina", 10, 12),
    ("Swift and Solomon", 4, 8),
    ("Kassell et al.", 43, 58),
    ("Tanabe et al.", 10, 10),
    ("Awad et al.", 25, 42),
    ("Finn et al.", 13, 14),
    ("Hadeishi et al.", 12, 12),
    ("Otsubo et al.", 22, 41),
    ("Muizelaar and Becker", 4, 5),
    ("Rosenstein et al.", 5, 6),
    ("Levy et al.", 18, 23),
    ("Shimoda et al.", 58, 68),
    ("Solomon et al.", 6, 10),
)
"""Hyperdynamic therapy for vasospasm: study, improved, treated.

Source: Pritz et al., J Neurovasc Dis 1996;1:6; Zhou, Brizendine, Pritz, Stat Med 1999;18:557.
"""
