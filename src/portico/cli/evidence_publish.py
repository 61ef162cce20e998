"""``portico evidence publish``: the library as a data package and as FHIR resources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from portico.cli.evidence_files import AsJson
from portico.cli.help_text import help_text

__all__ = ["PUBLISH_HELP", "publish"]

PUBLISH_HELP: Final = help_text(
    "Write the library as a citable data package (CSV and JSON with a description of every column), and with --fhir as FHIR R5 Evidence "
    "and Citation resources and an R4 PlanDefinition of the rules. Every statement resolves to a citation, or nothing is written.",
    ["portico evidence publish --out package", "portico evidence publish --out package --fhir --json"],
    {0: "fine", 3: "a file cannot be written, or a resource does not hold"},
)


def publish(
    out: Annotated[Path, typer.Option("--out", help="Folder for the package.", metavar="DIR")],
    fhir: Annotated[bool, typer.Option("--fhir", help="Write FHIR resources too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the package.

    Raises
    ------
    KnowledgeRefused : ``citation-unresolved``, ``fhir-invalid``
    """
    import json

    from portico.cli.library import open_library
    from portico.cli.output import save, say, show_json, shown_path
    from portico.interop import checked_fhir, data_package, evidence_bundle, plan_definition
    from portico.synthesis import build_pools

    library = open_library()
    pools = build_pools(library)
    files = data_package(library, pools)
    if fhir:
        bundle, plan = checked_fhir(evidence_bundle(library, pools.answers.values()), plan_definition(library))
        for name, value in (("fhir-r5-evidence.json", bundle), ("fhir-r4-plandefinition.json", plan)):
            files[name] = (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
    for name, data in files.items():
        save(out / name, data)
    if as_json:
        show_json(
            {
                "schema": "published/1",
                "version": library.version,
                "files": {name: len(data) for name, data in files.items()},
            }
        )
    say(f"Written: {len(files)} files in {shown_path(out)}")
