"""Published counts of two-arm trials: the facts of the papers named at each."""

from __future__ import annotations

from typing import Final

__all__ = ["BCG", "HINE", "NIELWEISE", "NIELWEISE_RATES", "NORMAND"]

BCG: Final = (
    ("Aronson", 1948, 4, 119, 11, 128, 44, "random"),
    ("Ferguson & Simes", 1949, 6, 300, 29, 274, 55, "random"),
    ("Rosenthal et al", 1960, 3, 228, 11, 209, 42, "random"),
    ("Hart & Sutherland", 1977, 62, 13536, 248, 12619, 52, "random"),
    ("Frimodt-Moller et al", 1973, 33, 5036, 47, 5761, 13, "alternate"),
    ("Stein & Aronson", 1953, 180, 1361, 372, 1079, 44, "alternate"),
    ("Vandiviere et al", 1973, 8, 2537, 10, 619, 19, "random"),
    ("TPT Madras", 1980, 505, 87886, 499, 87892, 13, "random"),
    ("Coetzee & Berjak", 1968, 29, 7470, 45, 7232, 27, "random"),
    ("Rosenthal et al", 1961, 17, 1699, 65, 1600, 42, "systematic"),
    ("Comstock et al", 1974, 186, 50448, 141, 27197, 18, "systematic"),
    ("Comstock & Webster", 1969, 5, 2493, 3, 2338, 33, "systematic"),
    ("Comstock et al", 1976, 27, 16886, 29, 17825, 33, "systematic"),
)
"""BCG vaccine against tuberculosis: trial, year, vaccinated with and without disease, controls with and without,
absolute latitude in degrees, allocation.

Source: Colditz et al., JAMA 1994;271:698, doi 10.1001/jama.1994.03510330076038; Berkey et al., Stat Med 1995;14:395.
"""

HINE: Final = (
    ("Chopra et al.", 2, 39, 1, 43),
    ("Mogensen", 4, 44, 4, 44),
    ("Pitt et al.", 6, 107, 4, 110),
    ("Darby et al.", 7, 103, 5, 100),
    ("Bennett et al.", 7, 110, 3, 106),
    ("O'Brien et al.", 11, 154, 4, 146),
)
"""Lidocaine after myocardial infarction: trial, deaths and people with lidocaine, deaths and people without.

Source: Hine et al., Arch Intern Med 1989;149:2694; as in Normand, Stat Med 1999;18:321.
"""

NIELWEISE: Final = (
    ("Bach", 1996, 0, 116, 3, 117),
    ("George", 1997, 1, 44, 3, 35),
    ("Maki", 1997, 2, 208, 9, 195),
    ("Raad", 1997, 0, 130, 7, 136),
    ("Heard", 1998, 5, 151, 6, 157),
    ("Collin", 1999, 1, 98, 4, 139),
    ("Hannan", 1999, 1, 174, 3, 177),
    ("Marik", 1999, 1, 74, 2, 39),
    ("Pierce", 2000, 1, 97, 19, 103),
    ("Sheng", 2000, 1, 113, 2, 122),
    ("Chatzinikolaou", 2003, 0, 66, 7, 64),
    ("Corral", 2003, 0, 70, 1, 58),
    ("Brun-Buisson", 2004, 3, 188, 5, 175),
    ("Leon", 2004, 6, 187, 11, 180),
    ("Yucel", 2004, 0, 118, 0, 105),
    ("Moretti", 2005, 0, 252, 1, 262),
    ("Rupp", 2005, 1, 345, 3, 362),
    ("Osma", 2006, 4, 64, 1, 69),
)
"""Bloodstream infection with anti-infective and with standard catheters: trial, year, infections and patients.

Source: Niël-Weise, Stijnen, van den Broek, Intensive Care Med 2007;33:2058, doi 10.1007/s00134-007-0897-3.
"""

NIELWEISE_RATES: Final = (
    ("Bong et al.", 2003, 7, 1344, 11, 1988),
    ("Ciresi et al.", 1996, 8, 1600, 8, 1461),
    ("Hanna et al.", 2004, 3, 12012, 14, 10962),
    ("Harter et al.", 2002, 6, 1536, 10, 1503),
    ("Jaeger et al.", 2001, 1, 370, 1, 483),
    ("Jaeger et al.", 2005, 1, 729, 8, 913),
    ("Logghe et al.", 1997, 17, 6760, 15, 6840),
    ("Ostendorf et al.", 2005, 3, 1107, 7, 1015),
    ("Pemberton et al.", 1996, 2, 320, 3, 440),
)
"""The same question in parenteral nutrition or chemotherapy: trial, year, infections and catheter days of each arm.

Source: Niël-Weise, Stijnen, van den Broek, J Hosp Infect 2008;69:114, doi 10.1016/j.jhin.2008.02.020.
"""

NORMAND: Final = (
    ("Edinburgh", 155, 55, 47, 156, 75, 64),
    ("Orpington-Mild", 31, 27, 7, 32, 29, 4),
    ("Orpington-Moderate", 75, 64, 17, 71, 119, 29),
    ("Orpington-Severe", 18, 66, 20, 18, 137, 48),
    ("Montreal-Home", 8, 14, 8, 13, 18, 11),
    ("Montreal-Transfer", 57, 19, 7, 52, 18, 4),
    ("Newcastle", 34, 52, 45, 33, 41, 34),
    ("Umea", 110, 21, 16, 183, 31, 27),
    ("Uppsala", 60, 30, 27, 52, 23, 20),
)
"""Days in hospital after stroke, specialist and usual care: place, people, mean and standard deviation of each arm.

Source: Normand, Stat Med 1999;18:321.
"""
