"""What the REST interface takes and gives, as models; a field that is not listed here is refused."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

__all__ = [
    "COMPONENT",
    "AdviceAsked",
    "ArchiveNamed",
    "ArchiveStored",
    "ArchiveStudy",
    "Asked",
    "AuditAsked",
    "CaseChanged",
    "CaseGiven",
    "CaseStored",
    "CaseVersion",
    "CheckAsked",
    "Compared",
    "Document",
    "DvhAsked",
    "ErrorBody",
    "ExplainAsked",
    "JobFile",
    "JobState",
    "PlanAsked",
    "Problem",
    "RegistryAsked",
    "ScoreAsked",
    "ScoreNamed",
    "SignAsked",
    "Signed",
    "Source",
    "StoreAsked",
    "TargetsAsked",
    "TokenGiven",
    "UploadGiven",
    "Validated",
    "Verified",
]  # fmt: skip

COMPONENT: Final = "x-portico-component"
"""Stands in a schema for one of the house's own documents, which is put in when the description is made."""

Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Short = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f=]*$")]
Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
JobId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=["0123456789abcdef"])]
Uid = Annotated[str, Field(max_length=64, pattern=r"^[0-9]+(\.[0-9]+)*$", examples=["1.2.840.4711"])]
Matches = Annotated[dict[Name, Name], Field(max_length=100, examples=[{"SpinalCord": "cord T2"}])]
CaseDocument = Annotated[dict[str, Any], WithJsonSchema({COMPONENT: "Case"})]
DirectiveDocument = Annotated[dict[str, Any], WithJsonSchema({COMPONENT: "Directive"})]

_CASE: Final = {"schema": "case/1", "as_of": "2026-03-02", "lesions": [{"bone": "femur"}]}


class Asked(BaseModel):
    """A body: every field known, no type turned into another."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(BaseModel):
    """One thing that is wrong: machine code, a sentence, where, and what to do."""

    code: str = Field(examples=["duplicate-key"])
    message: str
    path: str
    file: str | None
    line: int | None
    fix: str


class ErrorBody(BaseModel):
    """The body of every error."""

    error: Problem
    problems: list[Problem]


class Document(BaseModel):
    """A document of Portico; its field ``schema`` says which."""

    model_config = ConfigDict(extra="allow")
    schema_: str = Field(alias="schema", examples=["advice/1"])


class TokenGiven(BaseModel):
    """The token that a browser must send back in the header ``X-Portico-Token``."""

    token: str


class CaseGiven(Asked):
    """A case that is to be stored or looked at."""

    case: CaseDocument = Field(examples=[_CASE])


class CaseChanged(CaseGiven):
    """The next version of a case."""

    version: Annotated[int, Field(ge=1, le=999_999_999)] = Field(description="The version that was read before.")


class CaseStored(BaseModel):
    """Where a case was stored."""

    id: str
    version: int


class CaseVersion(CaseStored):
    """A version of a case."""

    at: str
    by: str
    case: dict[str, Any]


class Validated(BaseModel):
    """Whether a case can be used, and everything that is wrong with it."""

    valid: bool
    problems: list[Problem]


class AdviceAsked(CaseGiven):
    """A case on which advice is wanted; nothing of it is stored."""


class ExplainAsked(CaseGiven):
    """A rule or option that is to be explained for a case."""

    id: Id = Field(examples=["conv-30-10"])


class SignAsked(Asked):
    """A decision: the option, who takes it and why."""

    version: Annotated[int, Field(ge=1, le=999_999_999)] = Field(description="The version of the case decided on.")
    option: Id = Field(examples=["conv-30-10"])
    by: Short | None = Field(None, description="Who decides; where people sign in, the person signed in decides.")
    reason: Text = Field(examples=["tumour board"])
    role: Short | None = None
    dose: Short | None = Field(None, examples=["24Gy/8"], description="Exact dose of an option that is a range.")
    override: bool = Field(False, description="The dose lies outside the option; recorded as an override.")
    volume: Id | None = None
    plain_field: dict[Name, Text] | None = Field(None, max_length=50)


class Signed(BaseModel):
    """A sealed Directive."""

    hash: str
    directive: dict[str, Any]


class ScoreAsked(Asked):
    """Answers of a score, or a value worked out elsewhere with its source."""

    answers: dict[Name, Short] = Field({}, max_length=100, examples=[{"kps": "60"}])
    total: int | None = None
    class_id: Id | None = None
    source: Short | None = None


class ScoreNamed(ScoreAsked):
    """A score with its answers."""

    id: Id = Field(examples=["nrf_chow"])


class Compared(Asked):
    """Scores that are to be held against each other."""

    scores: Annotated[list[ScoreNamed], Field(min_length=2, max_length=20)] = Field(
        examples=[
            [
                {"id": "nrf_chow", "answers": {"breast_primary": "no", "bone_only_mets": "no", "kps": "60"}},
                {"id": "van_der_linden", "answers": {"kps": "60", "primary": "lung"}},
            ]
        ]
    )


class UploadGiven(BaseModel):
    """A file that was taken and waits for a job."""

    id: str
    bytes: int


class Source(Asked):
    """Where the files of a job come from: an upload, or a study of an archive that the service knows."""

    upload: JobId | None = None
    archive: Id | None = None
    study: Uid | None = None


class _Read(Source):
    plan: Annotated[int, Field(ge=1, le=9999)] | None = Field(None, description="Which plan, when there are several.")
    end_cap: Literal["none", "half", "full", "tapered"] = "tapered"
    match: Matches = {}


class CheckAsked(_Read):
    """A plan that is to be checked against a Directive."""

    directive: Hex | None = Field(None, description="Seal of a stored Directive; its report is kept with it.")
    directive_document: DirectiveDocument | None = Field(None, description="A Directive that is not stored here.")
    start: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    earlier: dict[str, Any] | None = Field(None, description="Earlier courses, earlier-courses/1.")
    algorithm: Short | None = None
    density_curve: Short | None = None
    hardware: bool = True


class DvhAsked(_Read):
    """Histograms of a plan."""

    metrics: Annotated[list[Name], Field(max_length=50)] = Field([], examples=[["D95%", "V20Gy"]])
    bin_gy: Annotated[float, Field(ge=0.001, le=10.0)] = 0.1


class _Drawn(Source):
    directive: Hex | None = None
    directive_document: DirectiveDocument | None = None
    match: Matches = {}
    structures_upload: JobId | None = Field(None, description="An RTSTRUCT or label map that was sent for itself.")
    structures_are: Literal["dicom", "nrrd", "nifti"] = "dicom"


_Millimetres = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9.=-]+$", examples=["2mm"])]
_Levels = Annotated[dict[Id, Short], Field(max_length=30)]


class TargetsAsked(_Drawn):
    """Volumes that are to be drafted; the options of ``portico targets``."""

    involved: _Levels = Field({}, examples=[{"L3": "vertebral_body"}])
    body_side: _Levels = {}
    epidural: _Levels = {}
    add: _Levels = {}
    extensive: Annotated[list[Id], Field(max_length=30)] = []
    choose: Annotated[list[Short], Field(max_length=50)] = []
    ptv: _Millimetres | None = None
    prv: _Millimetres | None = None
    cord_source: Literal["t2_mri", "ct_myelogram"] | None = None
    boost_gap: _Millimetres | None = None
    epidural_reach: _Millimetres | None = None
    gtv_before: Name | None = None
    gtv_residual: Name | None = None
    setting: Literal["post_operative", "intact"] = "post_operative"
    hardware: bool = True
    hardware_structure: Name | None = None
    bone: Name | None = None
    bed: Name | None = None
    bone_margin: _Millimetres | None = None
    prior: Annotated[list[Name], Field(max_length=20)] = []
    prior_use: Literal["show", "subtract"] = "show"


class PlanAsked(_Drawn):
    """A plan in ideal fluence that is to be made, with the frontier of the cord if wanted; the options of ``portico plan``."""

    upload_is: Literal["dicom", "case"] = Field("dicom", description="A zip of DICOM files, or one case.npz.")
    density: Annotated[list[tuple[float, float]], Field(min_length=2, max_length=200)] | None = Field(
        None, description="Density table of the scanner: pairs of HU and density against water."
    )
    density_belongs_to: Short | None = Field(None, description="Scanner and energy of the density table.")
    density_overrides: dict[Name, Annotated[float, Field(ge=0.0, le=20.0)]] = Field({}, max_length=50)
    cord_source: Literal["t2_mri", "ct_myelogram"] | None = None
    beams: Annotated[int, Field(ge=1, le=72)] | None = None
    first_deg: Annotated[float, Field(ge=0.0, lt=360.0)] | None = None
    bixel_mm: Annotated[float, Field(gt=0.0, le=50.0)] | None = None
    grid_mm: Annotated[float, Field(gt=0.0, le=50.0)] | None = None
    most_memory_gb: Annotated[float, Field(gt=0.0, le=64.0)] | None = None
    frontier: bool = False
    limits_gy: Annotated[list[Annotated[float, Field(ge=0.0, le=200.0)]], Field(max_length=50)] = []
    points: Annotated[int, Field(ge=2, le=50)] = 10
    organ: Name = "SpinalCord"
    cord: Name = "scenarios"
    half: bool = True
    asked: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0


class AuditAsked(Asked):
    """A registry that is to be audited; the options of ``portico audit`` that the page offers."""

    threshold: Annotated[int, Field(ge=1, le=1000)] | None = None
    table_by: Id | None = None
    adjusted: bool = False


class RegistryAsked(AuditAsked):
    """A registry that was uploaded and is to be audited."""

    upload: JobId
    upload_is: Literal["csv", "parquet"]


class JobFile(BaseModel):
    """A file of a finished job."""

    name: str
    bytes: int


class JobState(BaseModel):
    """A job: ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    done: int = Field(description="Steps that are done; 0 of 0 while nothing is known.")
    total: int
    created_at: str
    started_at: str | None
    ended_at: str | None
    exit_status: int | None = Field(description="What the command would have ended with; None before the end.")
    files: list[JobFile]
    error: Problem | None


class Verified(BaseModel):
    """What verifying the audit log found."""

    schema_: Literal["audit-log/1"] = Field(alias="schema")
    ok: bool
    entries: int
    head: str
    problems: list[str]


class ArchiveNamed(BaseModel):
    """An archive of the settings."""

    name: str


class ArchiveStudy(BaseModel):
    """A study of an archive, as far as it is needed to pick it."""

    study: str
    date: str
    description: str
    modalities: list[str]


class StoreAsked(Asked):
    """What a finished job made is to be stored in an archive, in the study it came from."""

    job: JobId


class ArchiveStored(BaseModel):
    """What was stored in the archive."""

    stored: list[str]
