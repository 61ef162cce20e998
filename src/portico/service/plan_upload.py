"""Checking a plan that was uploaded as a zip archive, with the readers and the check of the command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from portico.directive import Directive
from portico.dosimetry import CheckOptions, PlanCheck, check_plan
from portico.errors import PorticoError, Problem, UsageError
from portico.knowledge import Library
from portico.rt import read_study

__all__ = ["check_upload"]


def check_upload(path: Path, directive: Directive, library: Library, which: str | None = None) -> PlanCheck:
    """Check an archive against a Directive.

    Parameters
    ----------
    path : of the zip file, under a name of the service's own
    which : number of the plan among several, from 1; None when there is one

    Raises
    ------
    UsageError : ``no-such-plan``
    PorticoError : what the readers refuse, without any name of a file
    """
    try:
        study = read_study(path)
        uid = None
        if which is not None:
            if not which.isdecimal() or not 1 <= int(which[:5]) <= len(study.plans):
                raise UsageError("There is no plan of that number.", code="no-such-plan", path="plan")
            uid = study.plans[int(which[:5]) - 1].uid
        found = study.plan_set(uid)
        return check_plan(found, directive, library, replace(CheckOptions(), unusable=study.refused))
    except PorticoError as error:
        # A name inside an archive may be that of a patient.
        kept = tuple(Problem(one.code, one.message, fix=one.fix) for one in error.problems)
        raise type(error).from_problems(kept) from None
