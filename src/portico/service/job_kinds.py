"""Kinds of job: how a request becomes a line of the command, and what is stored when it ended.

Each value stands behind its option in one word (``--option=value``), so that nothing that was sent is read as an option.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.engine import Row

from portico.errors import InputRefused
from portico.reading import write_atomic
from portico.service.jobs_work import TEMPORARY, Also, Work
from portico.service.stored_checks import put_check

if TYPE_CHECKING:
    from portico.service.archives import Archives

__all__ = ["STRUCTURES", "UPLOADED", "works"]

UPLOADED: Final[Mapping[str, str]] = {"dicom": "plan.zip", "case": "case.npz"}
"""Name under which an upload lies beside a job, by what it is."""
STRUCTURES: Final[Mapping[str, str]] = {
    "dicom": "structures.dcm",
    "nrrd": "structures.nrrd",
    "nifti": "structures.nii.gz",
}
"""The same for structures that were sent for themselves."""
_DIRECTIVE: Final = "directive.json"
_EARLIER: Final = "earlier.json"
_DENSITY: Final = "density.csv"


def works(archives: Archives) -> dict[str, Work]:
    """The kinds of job of a service."""

    def kept(job: Row[Any], printed: Mapping[str, Any], place: Path) -> Also | None:
        """The report of a check stays with its Directive, as if it had been made on the page."""
        request = json.loads(job.request)
        if request.get("directive") is None:
            return None
        page = (place / "check.html").read_bytes()
        return lambda connection: put_check(
            connection, str(job.id), request["directive"], int(printed["exit_status"]), page, by=job.by
        )

    def source(request: Mapping[str, Any], inputs: Path) -> list[str]:
        if request.get("archive") is not None:
            return [f"--from={archives.url(request['archive'])}", f"--study={request['study']}"]
        return [str(_input(inputs, UPLOADED[request.get("upload_is", "dicom")]))]

    def fetched(request: Mapping[str, Any], inputs: Path) -> Path:
        """The upload, or the study of an archive as a zip file."""
        path = inputs / UPLOADED[request.get("upload_is", "dicom")]
        if request.get("archive") is None:
            return _input(inputs, path.name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = path.with_name(f".{path.name}.part")
        with zipfile.ZipFile(part, "w") as made:
            for number, (_, data) in enumerate(archives.web(request["archive"]).objects(request["study"])):
                made.writestr(f"{number}.dcm", data)
        part.replace(path)
        return path

    def check(request: Mapping[str, Any], inputs: Path, place: Path) -> Sequence[str]:
        words = ["check", *source(request, inputs), *_read(request), f"--directive={_directive(request, inputs)}"]
        if request["earlier"] is not None:
            words.append(f"--earlier={_written(inputs / _EARLIER, json.dumps(request['earlier']))}")
        words += _given(request, start="--start")
        for name, code in (("algorithm", "algorithm"), ("density_curve", "density-curve")):
            if request[name] is not None:
                words.append(f"--state={code}={request[name]}")
        words.append("--hardware" if request["hardware"] else "--no-hardware")
        return [*words, f"--html={place / 'check.html'}", f"--pdf={place / 'check.pdf'}", "--json"]

    def dvh(request: Mapping[str, Any], inputs: Path, place: Path) -> Sequence[str]:
        words = ["dvh", *source(request, inputs), *_read(request), f"--bin={request['bin_gy']!r}"]
        words += [f"--metric={one}" for one in request["metrics"]]
        return [
            *words,
            f"--csv={place / 'dvh.csv'}",
            f"--html={place / 'dvh.html'}",
            f"--pdf={place / 'dvh.pdf'}",
            "--json",
        ]

    def targets(request: Mapping[str, Any], inputs: Path, place: Path) -> Sequence[str]:
        words = ["targets", str(fetched(request, inputs)), *_drawn(request, inputs)]
        for option in ("involved", "body_side", "epidural", "add"):
            words += _pairs(f"--{option.replace('_', '-')}", request[option])
        for option in ("extensive", "choose", "prior"):
            words += [f"--{option}={one}" for one in request[option]]
        words += _given(
            request, ptv="--ptv", prv="--prv", cord_source="--cord-source", boost_gap="--boost-gap",
            epidural_reach="--epidural-reach", gtv_before="--gtv-before", gtv_residual="--gtv-residual",
            setting="--setting", hardware_structure="--hardware-structure", bone="--bone", bed="--bed",
            bone_margin="--bone-margin", prior_use="--prior-use",
        )  # fmt: skip
        words.append("--hardware" if request["hardware"] else "--no-hardware")
        return [*words, f"--out={place / 'draft.dcm'}", f"--html={place / 'draft.html'}", "--json"]

    def plan(request: Mapping[str, Any], inputs: Path, place: Path) -> Sequence[str]:
        words = ["plan", str(fetched(request, inputs)), *_drawn(request, inputs)]
        if request["density"] is not None:
            rows = [
                f"# {request['density_belongs_to'] or 'not stated'}",
                *(f"{a!r},{b!r}" for a, b in request["density"]),
            ]
            words.append(f"--density={_written(inputs / _DENSITY, chr(10).join(rows))}")
        words += [f"--override={name}={value!r}" for name, value in request["density_overrides"].items()]
        words += _given(request, cord_source="--cord-source", beams="--beams", first_deg="--first", points="--points",
                        organ="--organ", cord="--cord", asked="--asked")  # fmt: skip
        for name, option, unit in (
            ("bixel_mm", "--bixel", "mm"),
            ("grid_mm", "--grid", "mm"),
            ("most_memory_gb", "--most-memory", "GB"),
        ):
            if request[name] is not None:
                words.append(f"{option}={request[name]:g}{unit}")
        if request["limits_gy"]:
            words.append(f"--limits={','.join(f'{one:g}Gy' for one in request['limits_gy'])}")
        words.append("--half" if request["half"] else "--no-half")
        return [*words, *(["--frontier"] if request["frontier"] else []), f"--html={place / 'plan.html'}", "--json"]

    def audit(request: Mapping[str, Any], inputs: Path, place: Path) -> Sequence[str]:
        """Everything by course goes into the folder of temporary files, which is removed; the report alone is kept."""
        words = ["audit", str(_input(inputs, request["file"])), f"--out={place / TEMPORARY / 'audit'}"]
        words += _given(request, threshold="--threshold", table_by="--table-by")
        if request["adjusted"]:
            words.append("--adjusted")
        return [*words, f"--html={place / 'audit.html'}", f"--pdf={place / 'audit.pdf'}", "--json"]

    return {
        "audit": Work(audit),
        "check": Work(check, kept),
        "dvh": Work(dvh),
        "targets": Work(targets),
        "plan": Work(plan),
    }


def _input(inputs: Path, name: str) -> Path:
    path = inputs / name
    if not path.is_file():
        raise InputRefused("The files of the job were removed.", code="inputs-gone", fix="Upload them and ask again.")
    return path


def _directive(request: Mapping[str, Any], inputs: Path) -> Path:
    return _written(inputs / _DIRECTIVE, json.dumps(request["directive_document"]))


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomic(path, text)
    return path


def _read(request: Mapping[str, Any]) -> list[str]:
    return [*_given(request, plan="--plan", end_cap="--end-cap"), *_pairs("--match", request["match"])]


def _drawn(request: Mapping[str, Any], inputs: Path) -> list[str]:
    words = [f"--directive={_directive(request, inputs)}", *_pairs("--match", request["match"])]
    if request["structures_upload"] is not None:
        words.append(f"--structures={_input(inputs, STRUCTURES[request['structures_are']])}")
    return words


def _given(request: Mapping[str, Any], **options: str) -> list[str]:
    return [f"{option}={request[name]}" for name, option in options.items() if request[name] is not None]


def _pairs(option: str, pairs: Mapping[str, str]) -> list[str]:
    return [f"{option}={name}={value}" for name, value in pairs.items()]
