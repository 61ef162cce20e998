"""A plan of segments as DICOM: read back by our reader and by pydicom, and refused where it must not be written."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from portico.errors import CannotTell, InputRefused
from portico.planning import MACHINE, Beam, PlanSettings, dose_at, plan_files, prepare, sequenced
from portico.planning.deliverable import _hits
from portico.planning.influence import voxel_points
from portico.rt import Image, read_contents

FRAME, SERIES = "2.25.11", "2.25.12"


def on_ct(case, **more):
    """The made-up spine on a CT that states what a CT states."""
    given = {"patient_position": "HFS", "frame_uid": FRAME, "series_uid": SERIES} | more
    uids = tuple(f"2.25.13{k}" for k in range(case.grid.shape[0]))
    return replace(case, image=Image(case.grid, case.hu.astype(np.int16), instance_uids=uids, **given))


@pytest.fixture(scope="module")
def made(spine, directive, table):
    settings = PlanSettings(beams=3, bixel_mm=10.0, grid_mm=4.0)
    prepared = prepare(on_ct(spine), directive, table, settings)
    return prepared, sequenced(prepared, prepared.plan(), levels=5)


@pytest.fixture(scope="module")
def nothing(spine):
    return np.zeros(spine.grid.shape, bool)


@pytest.fixture(scope="module")
def files(made, nothing):
    prepared, plan = made
    steps = []
    written = plan_files(
        prepared, plan, metal=nothing, told=lambda what, done, count: steps.append((what, done, count))
    )
    assert steps and steps[-1][1] == steps[-1][2]
    return written


def test_the_files_belong_together_and_say_what_they_are(files, made):
    study = read_contents(list(files.items()))
    whole = study.plan_set()
    assert {one.code for one in whole.findings} <= {"image-missing"}
    plan = whole.plan
    assert (plan.approval, plan.intent, plan.label) == ("UNAPPROVED", "RESEARCH", "PORTICO RESEARCH")
    assert plan.fractions == made[0].fractions == 2
    assert [(one.description, one.prescribed_gy, one.kind) for one in plan.dose_references] == [("PTV", 24.0, "TARGET")]
    assert plan.patient_positions == ("HFS",)
    assert all(beam.machine == MACHINE and beam.dosimeter_unit is None for beam in plan.beams.values())
    assert all(one.meterset is None for group in plan.fraction_groups.values() for one in group.beams)
    kinds = {one.name: one.interpreted_type for one in whole.structure_set.structures.values()}
    assert kinds["PTV"] == "PTV" and kinds["External"] == "EXTERNAL" and kinds["SpinalCord"] == "ORGAN"


def test_openings_and_weights_are_those_of_the_segments(files, made):
    _, sequence = made
    segments = sequence.segments
    plan = read_contents(list(files.items())).plan_set().plan
    seen = 0
    for number, beam in enumerate(made[0].bixels.beams):
        own = np.flatnonzero((segments.beam == number) & (segments.weight > 0))
        (written,) = [one for one in plan.beams.values() if one.control_points.gantry_deg[0] == beam.gantry_deg]
        points, leaves = written.control_points, written.devices["MLCX"]
        assert len(points) == 2 * len(own)
        assert np.allclose(np.diff(points.weight)[::2], segments.weight[own], rtol=1e-10)
        assert np.allclose(np.diff(points.weight)[1::2], 0.0)
        assert np.isclose(written.final_weight, segments.weight[own].sum())
        pairs = leaves.pairs
        assert pairs == 60 and np.allclose(leaves.boundaries_mm, segments.collimator.edges_mm)
        for side, at in ((segments.left_mm, slice(None, pairs)), (segments.right_mm, slice(pairs, None))):
            assert np.allclose(leaves.positions_mm[::2, at], side[own])
            assert np.allclose(leaves.positions_mm[1::2, at], side[own])
        for low, high, edge in (("ASYMX", 0, 1), ("ASYMY", 0, 1)):
            jaws = written.devices[low].positions_mm
            assert (jaws[:, high] < jaws[:, edge]).all()
        assert np.allclose(points.isocentre_mm, made[0].isocentre)
        seen += len(own)
    assert seen == (segments.weight > 0).sum() > 3


def test_the_dose_is_that_of_the_segments_in_the_whole_body(files, made):
    prepared, sequence = made
    dose = read_contents(list(files.items())).plan_set().dose
    assert dose.grid.same_as(prepared.grid) and dose.summation == "PLAN"
    fluence = sequence.segments.fluence(prepared.bixels) @ sequence.segments.weight
    voxels = np.flatnonzero(prepared.masks["External"])
    ours = dose_at(prepared.engine, prepared.bixels, fluence, voxel_points(prepared.grid, voxels))
    assert np.allclose(dose.gy.ravel()[voxels], ours, atol=1e-4)
    assert (dose.gy[~prepared.masks["External"]] == 0).all()
    rows = prepared.anatomy.regions["PTV"].rows  # the optimiser's own doses of the segments
    assert np.allclose(dose.gy.ravel()[prepared.rows.voxels[rows]], sequence.plan.doses_gy[rows], rtol=2e-3, atol=0.02)


def test_pydicom_reads_the_same(files):
    plan = pydicom.dcmread(io.BytesIO(files["plan.dcm"]))
    assert plan.Modality == "RTPLAN" and plan.PlanIntent == "RESEARCH" and plan.ApprovalStatus == "UNAPPROVED"
    assert plan.PatientName == "" and plan.PatientID == ""
    assert plan.FractionGroupSequence[0].NumberOfBeams == len(plan.BeamSequence) == 3
    for beam in plan.BeamSequence:
        assert beam.TreatmentMachineName == MACHINE and "PrimaryDosimeterUnit" not in beam
        assert beam.NumberOfControlPoints == len(beam.ControlPointSequence)
        first = beam.ControlPointSequence[0]
        assert {one.RTBeamLimitingDeviceType for one in first.BeamLimitingDevicePositionSequence} == {
            "ASYMX",
            "ASYMY",
            "MLCX",
        }
        assert beam.ControlPointSequence[-1].CumulativeMetersetWeight == beam.FinalCumulativeMetersetWeight
    dose = pydicom.dcmread(io.BytesIO(files["dose.dcm"]))
    structures = pydicom.dcmread(io.BytesIO(files["structures.dcm"]))
    assert dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID == plan.SOPInstanceUID
    assert plan.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == structures.SOPInstanceUID


def test_the_same_plan_gives_the_same_bytes(files, made, nothing):
    assert plan_files(*made, metal=nothing) == files


def metal_at(case, x, y, z):
    grid = case.grid
    points = grid.points(np.argwhere(np.ones(grid.shape, bool))[:, ::-1]).reshape(*grid.shape, 3)
    return (np.abs(points - np.array([x, y, z])) <= 3.0).all(axis=-1)


def test_metal_near_the_cord_or_in_a_beam_stops_the_plan(made, spine):
    with pytest.raises(CannotTell) as near:
        plan_files(*made, metal=metal_at(spine, 14.0, 26.0, 2.0))
    assert near.value.code == "metal-near-cord" and "SpinalCord" in str(near.value)
    ahead = metal_at(spine, 2.0, -42.0, 2.0)  # more than 20 mm before the cord, in the beam from the front
    with pytest.raises(CannotTell) as within:
        plan_files(*made, metal=ahead)
    assert within.value.code == "metal-in-beam" and "gantry 0 degrees" in str(within.value.problem.path)
    with pytest.raises(CannotTell) as unknown:
        plan_files(*made, metal=None)
    assert unknown.value.code == "metal-unknown"


def test_metal_beside_every_beam_lets_the_plan_pass(made, spine, files):
    """Far above the target: no ray of these coplanar beams comes near."""
    prepared, _ = made
    far = metal_at(spine, 30.0, -30.0, 46.0)
    cord = prepared.case.masks["SpinalCord"]
    short = replace(
        prepared.case,
        masks={**prepared.case.masks, "SpinalCord": cord & (np.arange(cord.shape[0]) < 18)[:, None, None]},
    )
    assert set(plan_files(replace(prepared, case=short), made[1], metal=far)) == set(files)


def test_a_beam_is_hit_only_where_it_has_fluence(made):
    bixels = made[0].bixels
    weights = np.zeros(len(bixels))
    own = np.flatnonzero(bixels.beam == 0)
    weights[own[0]] = 1.0
    there = np.array([[bixels.x_mm[own[0]], bixels.z_mm[own[0]]]])
    assert _hits(bixels, 0, weights, there, 1.0) and not _hits(bixels, 0, weights, there + 30.0, 1.0)
    assert not _hits(bixels, 1, weights, there, 1.0)


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ({"patient_position": "FFS"}, "position"),
        ({"patient_position": None}, "position"),
        ({"frame_uid": None}, "frame-unknown"),
    ],
)
def test_a_ct_that_does_not_say_enough_is_refused(made, spine, nothing, image, code):
    prepared, sequence = made
    with pytest.raises(InputRefused) as refused:
        plan_files(replace(prepared, case=on_ct(spine, **image)), sequence, metal=nothing)
    assert refused.value.code == code


def test_a_phantom_or_an_interrupted_plan_is_not_written(made, spine, nothing):
    prepared, sequence = made
    with pytest.raises(InputRefused) as phantom:
        plan_files(replace(prepared, case=spine), sequence, metal=nothing)
    assert phantom.value.code == "no-ct-image"
    with pytest.raises(CannotTell) as stopped:
        plan_files(prepared, replace(sequence, plan=replace(sequence.plan, interrupted=True)), metal=nothing)
    assert stopped.value.code == "plan-not-converged"


@pytest.mark.parametrize(("gantry", "right"), [(0, (1, 0, 0)), (90, (0, 1, 0)), (180, (-1, 0, 0)), (270, (0, -1, 0))])
def test_leaves_along_x_move_as_iec_61217_says(gantry, right):
    """Xg = Yg x Zg; Yg points to the head of a patient head first and supine, Zg to the source."""
    beam = Beam(float(gantry))
    towards = beam.source / np.linalg.norm(beam.source)
    assert np.allclose(np.cross([0, 0, 1], towards), right, atol=1e-12)
    assert np.allclose(beam.axes[0], right, atol=1e-12) and np.allclose(beam.axes[2], [0, 0, 1])
