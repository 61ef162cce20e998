"""``portico synthetic-registry``: invented patients with known truth, for teaching, tests and power."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from portico.cli.help_text import help_text
from portico.errors import UsageError

__all__ = ["HELP", "synthetic_registry"]

HELP: Final = help_text(
    "Write a registry of patients who never lived, with the columns of a real one, and print the truth behind it.\n\n"
    "For teaching, tests and power. Every row is marked as synthetic (key, column, and metadata of the file), and such rows "
    "are never mixed with real ones.",
    [
        "portico synthetic-registry out/synthetic.parquet --patients 800 --seed 1",
        "portico synthetic-registry out/synthetic.csv --patients 800 --seed 1 --json",
    ],
    {0: "written", 3: "the file cannot be written"},
)

#: Days at which the truth is printed.
_DAYS: Final = (182, 365, 730)


def synthetic_registry(
    out: Annotated[Path, typer.Argument(help="File to write: .parquet or .csv.", metavar="FILE")],
    patients: Annotated[int, typer.Option("--patients", help="How many; some have two courses.", metavar="N")],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same registry.", metavar="N", min=0)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Draw, write, and say the truth.

    Raises
    ------
    UsageError : ``bad-count``, ``unknown-format``, ``file-exists``
    """
    from portico.cli.output import number, plain_table, save, say, show, show_json, shown_path
    from portico.cohort import synthetic
    from portico.cohort.synthetic_model import World

    if out.suffix not in (".parquet", ".csv"):
        raise UsageError("The name must end in .parquet or .csv.", code="unknown-format", path="FILE")
    world = World()
    table = synthetic.synthetic_registry(patients, seed=seed, world=world)
    content = synthetic.synthetic_parquet(table) if out.suffix == ".parquet" else table.write_csv()
    save(out, content, replace=False)
    truth = [
        {
            "day": day,
            "incidence": world.incidence(day),
            "incidence_sbrt": world.incidence(day, sbrt=True),
            "incidence_conventional": world.incidence(day, sbrt=False),
            "overlap_difference": world.overlap_difference(day),
        }
        for day in _DAYS
    ]
    say(f"Registry: {shown_path(out)}")
    if as_json:
        show_json(
            {
                "schema": "synthetic-registry/1",
                "synthetic": True,
                "patients": patients,
                "rows": len(table),
                "seed": seed,
                "sbrt_log_hazard_ratio": world.sbrt_log_ratio,
                "interval_effect": 0.0,
                "truth": truth,
            }
        )
        return
    show(f"SYNTHETIC: {patients} invented patients, {len(table)} courses, seed {seed}. No number here is evidence.")
    show("True cumulative incidence of local failure, and the difference among patients who might have had either:")
    show(
        plain_table(
            ["day", "as treated", "all SBRT", "all conventional", "difference"],
            [[str(row["day"]), *(number(value, 4) for key, value in row.items() if key != "day")] for row in truth],
        )
    )
    show(f"True log hazard ratio of SBRT: {world.sbrt_log_ratio:g}. The interval to radiotherapy has no effect.")
