"""Write ``examples/site/signatures.yaml``: the teaching site's signatures, with the hashes of the rows as they are now.

    python tools/sign_teaching_site.py

Run it after a row it signs has changed and a person has looked at the change; the tests refuse a void signature.
"""

from __future__ import annotations

import json
from pathlib import Path

from portico.knowledge import Limit, load_library
from portico.reading import write_atomic

TARGET = Path(__file__).parents[1] / "examples" / "site" / "signatures.yaml"
DERIVED = {
    "hytec-cord-10fx-dmax": "no published cord limit for ten fractions was found; teaching use",
    "schultheiss-cord-conventional-eqd2": "no published maximum for a palliative course was found; teaching use",
}
TABLE = "read in a transcription of the table; teaching use"


def signed_rows() -> list[tuple[Limit, str]]:
    """Rows that the teaching site signs, with the reason."""
    limits = load_library().limits
    rows = [(limits[key], reason) for key, reason in DERIVED.items()]
    rows += [
        (row, TABLE)
        for row in limits.values()
        if row.source_id == "benedict-2010-tg101" and row.organ != "SpinalCord" and not row.display_only
    ]
    return rows


def main() -> None:
    """Write the file."""
    lines = [
        "schema: signature/1",
        "# A made-up site that signs rows, so that examples and tests can show what signing does. Nobody may treat",
        "# by it: every output that rests on this file carries its watermark.",
        'site: "Teaching site, not a hospital"',
        "watermark: true",
        "rows:",
    ]
    for row, reason in signed_rows():
        lines.append(
            f"- {{id: {row.id}, sha256: {row.sha256}, by: Example Physicist, role: medical physicist, "
            f'date: "2025-01-15", reason: {json.dumps(reason)}}}'
        )
    write_atomic(TARGET, ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
