"""A draft as page: sides, hatching, escaping, the same bytes twice, and surfaces that are closed and the right way round."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from portico.report import draft_html, draft_json
from portico.report.draft_figures import draft_drawings, patient_order
from portico.report.draft_space import space_of, surface_of
from portico.rt import Grid
from portico.targets import COLOURS, PARTS, Choice, Draft, DraftVolume, Fact, canal_line, divide_vertebra
from portico.targets.phantom import vertebra

ALL = [np.eye(3), np.diag([-1.0, -1.0, 1.0]), np.diag([-1.0, 1.0, -1.0]), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])]


def draft(**more):
    parts, canal, grid, _ = vertebra(spacing=(2.0, 2.0, 2.0))
    made = divide_vertebra(parts > 0, canal, canal_line(canal, grid), grid)
    volumes = (
        DraftVolume("CTV", "CTV", made.mask("vertebral_body"), "Body <script>alert(1)</script>.", ("isrc-table-body",), ("cox-2012-isrc",), "memory",
                    facts=(Fact("length", None, "cm"), Fact("covered", 98.25, "%")), notes=("A & B",)),
        DraftVolume("SpinalCord", "ORGAN", canal, "Given.", role="input"),
    )  # fmt: skip
    return replace(Draft(grid, volumes, {"L3": made}), **more)


@pytest.mark.parametrize("axes", ALL)
def test_arrays_are_turned_to_head_back_and_left(axes):
    counts = np.array([5, 6, 7])
    grid = Grid(np.zeros(3), np.ones(3), axes, tuple(counts[::-1]))
    k, j, i = (one.ravel() for one in np.indices(grid.shape))
    places = grid.points(np.column_stack([i, j, k])).reshape(*grid.shape, 3)
    for place, patient in enumerate((2, 1, 0)):
        turned = patient_order(places[..., patient], axes)
        assert (np.diff(turned, axis=place) == 1.0).all()


def test_the_page_is_whole_escaped_and_the_same_twice():
    choice = Choice(
        "PTV", "Which margin?", (("ptv-near-rigid", "1.8 mm", "abstract"), ("other", "x", "memory")), "Give --ptv."
    )
    made = draft(choices=(choice,), notes=("Slices <b>",), hu=np.zeros(draft().grid.shape, np.float32))
    page = draft_html(made, title="Draft")
    assert page == draft_html(made, title="Draft")
    HTMLParser().feed(page)
    assert "<script>alert" not in page and "&lt;script&gt;" in page and "Slices &lt;b&gt;" in page
    assert not re.search(r"(?:src|href)=[\"']https?:", page)
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    for words in (
        "unverified rule",
        "not measured",
        "98.2 %",
        "A &amp; B",
        "Which margin?",
        "(unverified, memory)",
        "not for treating patients",
    ):
        assert words in page, words
    assert page.count("<figure") == 2


class Elements(HTMLParser):
    """Elements in order with their attributes; what is not closed in order is wrong."""

    VOID = frozenset({"meta", "img", "br", "input"})

    def __init__(self, text):
        super().__init__()
        self.found, self.open, self.wrong, self.script = [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.script += data

    def all(self, tag):
        return [attrs for name, attrs in self.found if name == tag]


HOSTILE = "</script><img src=x onerror=alert(1)>'\"&"


def hostile():
    volumes = tuple(
        replace(one, roi=f"{one.roi}{HOSTILE}", notes=(HOSTILE,), rows=(HOSTILE,)) for one in draft().volumes
    )
    return draft(volumes=volumes, choices=(Choice(HOSTILE, HOSTILE, ((HOSTILE, HOSTILE, HOSTILE),), HOSTILE),))


@pytest.mark.parametrize("made", [draft(), hostile(), draft(volumes=())], ids=["plain", "hostile", "empty"])
def test_the_page_is_in_form_and_runs_one_script_that_its_policy_names(made):
    page = Elements(draft_html(made, title=HOSTILE))
    assert page.open == [] and page.wrong == []
    drawn = bool(made.volumes)
    assert page.all("script") == ([{}] if drawn else [])
    policy = next(one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ") and "script-src 'sha256-" in policy and "unsafe-eval" not in policy
    if drawn:
        digest = base64.b64encode(hashlib.sha256(page.script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in policy
    assert not re.search(r"\beval\b|innerHTML|Function\(|fetch|XMLHttp|import\b|https?:", page.script)
    assert all(one["alt"] and one["src"].startswith("data:image/png;base64,") for one in page.all("img"))
    assert all(one["aria-label"] for one in page.all("figure")) and all(one.get("scope") for one in page.all("th"))
    assert not [name for _, attrs in page.found for name in attrs if name.startswith("on") or name == "style"]


def test_every_volume_has_its_box_and_its_place_in_the_scene():
    page = Elements(draft_html(hostile(), title="Draft"))
    scene = json.loads(page.all("canvas")[0]["data-scene"])
    assert [one["roi"] for one in scene["volumes"]] == [one.roi for one in hostile().volumes]
    assert [one["data-volume"] for one in page.all("input")] == ["0", "1"]
    assert [one["unverified"] for one in scene["volumes"]] == [True, False]
    for one in scene["volumes"]:
        assert all(type(number) is int for number in (*one["points"], *one["faces"]))
        assert max(one["faces"]) == len(one["points"]) // 3 - 1


def test_the_place_leaves_out_what_the_directive_does_not_say():
    class Site:
        description = None

    class Named:
        site, technique, hash = Site(), "sbrt", None

    page = draft_html(draft(volumes=()), title="Draft", directive=Named())
    assert ">sbrt<" in page and "None" not in page


def test_pictures_say_their_sides_and_hatch_what_is_unverified():
    first, overview = draft_drawings(draft())
    assert "R on the left and L on the right of the picture, A at its top" in first.alt
    assert "A on the left and P on the right" in overview.alt
    assert "CTV (unverified rule, hatched)" in first.caption
    plain = draft(volumes=tuple(replace(one, verified="abstract") for one in draft().volumes))
    assert "hatched" not in next(draft_drawings(plain)).caption
    assert "pattern" in first.svg and "pattern" not in next(draft_drawings(plain)).svg
    assert list(draft_drawings(draft(volumes=()))) == []


def test_outside_the_spine_both_ends_the_middle_and_two_overviews():
    titles = [one.table for one in draft_drawings(draft(parts={}))]
    assert [one.split(":")[0] for one in titles] == [
        "Axial, lower end of the targets", "Axial, middle of the targets", "Axial, upper end of the targets", "Overview, coronal",
        "Overview, sagittal",
    ]  # fmt: skip


def test_as_data():
    body = draft_json(draft())
    assert body["schema"] == "draft/1"
    ctv = body["volumes"][0]
    assert (ctv["verified"], ctv["unverified"], ctv["facts"][0]["value"]) == ("memory", True, None)
    assert ctv["cm3"] == pytest.approx(draft().volumes[0].mask.sum() * 0.008, abs=0.001)
    assert body["levels"] == ["L3"]


def sides(axes):
    """The left pedicle as CTV and the right one as organ on a grid of any orientation; bone is bright on the left only."""
    parts, _, grid, local = vertebra(axes=axes, spacing=(2.0, 2.0, 2.0))
    left, right = (parts == PARTS.index(one) + 1 for one in ("pedicle_left", "pedicle_right"))
    volumes = (
        DraftVolume("Left", "CTV", left, "Left."),
        DraftVolume("Right", "ORGAN", right, "Right."),
        DraftVolume("Spine", "CONTROL", parts > 0, "All.", role="alternative"),
    )
    hu = np.where((parts > 0) & (local[..., 0] > 2.0), 800.0, -200.0).astype(np.float32)
    return Draft(grid, volumes, hu=hu)


def pixels(png):
    from matplotlib.image import imread

    return np.rint(imread(io.BytesIO(png))[..., :3] * 255).astype(int)


def middle(picture, kind):
    """Mean row and column of the pixels in a kind's own hue."""
    wanted = np.array(COLOURS[kind]) / np.linalg.norm(COLOURS[kind])
    size = np.linalg.norm(picture, axis=2)
    near = (picture @ wanted > 0.995 * size) & (size > 60)
    assert near.any(), kind
    return np.argwhere(near).mean(axis=0)


@pytest.mark.parametrize("axes", ALL)
def test_the_patients_left_is_on_the_right_of_the_pixels(axes):
    found = {one.table: one for one in draft_drawings(sides(axes), png=True)}
    for name in ("Axial, middle of the targets", "Overview, coronal"):
        picture = pixels(found[name].png)[:, : int(1416 * 5.0 / 7.08)]  # without the legend
        assert middle(picture, "CTV")[1] > middle(picture, "ORGAN")[1] + 100
        bright = (picture.min(axis=2) > 250) & (picture.max(axis=2) > 250)
        assert bright[:, bright.shape[1] // 2 :].sum() > 3 * bright[:, : bright.shape[1] // 2].sum() > 0
    assert found["Overview, sagittal"].alt.startswith("Overview, sagittal. A on the left and P on the right")


@pytest.mark.parametrize("axes", ALL)
def test_three_views_of_the_surfaces_have_their_sides(axes):
    parts = vertebra(axes=axes, spacing=(2.0, 2.0, 2.0))[0]
    body = DraftVolume("Front", "PTV", parts == PARTS.index("vertebral_body") + 1, "Body.")
    made = sides(axes)
    made = replace(made, volumes=(made.volumes[0], replace(made.volumes[1], kind="GTV")))
    picture = pixels(space_of(made).png)
    third = picture.shape[1] // 3
    for view in (0, 2):  # from the front and from the feet
        seen = picture[:, third * view : third * (view + 1)]
        assert middle(seen, "CTV")[1] > middle(seen, "GTV")[1] + 20
    before = replace(made, volumes=(made.volumes[0], replace(body, kind="GTV")))
    picture = pixels(space_of(before).png)
    seen = picture[:, third : 2 * third]  # from the patient's left: the front is on the left
    assert middle(seen, "GTV")[1] < middle(seen, "CTV")[1] - 20
    seen = picture[:, 2 * third :]  # from the feet: the front is above
    assert middle(seen, "GTV")[0] < middle(seen, "CTV")[0] - 20


@pytest.mark.parametrize("role", ["drawn", "alternative"])
def test_a_line_ends_only_where_its_volume_ends_and_closes_at_the_end_of_the_image(role):
    """A bar through the image from side to side: its line runs off a picture that shows less, and closes in one that shows all."""
    grid = Grid(np.zeros(3), np.ones(3), np.eye(3), (20, 120, 120))
    core, bar = np.zeros(grid.shape, bool), np.zeros(grid.shape, bool)
    core[8:12, 55:65, 55:65] = True
    bar[8:12, 50:70, :] = True
    made = Draft(grid, (DraftVolume("Core", "GTV", core, "Core."), DraftVolume("Bar", "PTV", bar, "Bar.", role=role)))
    picture = pixels(next(iter(draft_drawings(made, png=True))).png)
    wanted = np.array(COLOURS["PTV"])
    blue = (np.abs(picture - wanted).max(axis=2) < 12)[:, :1000]
    rows = np.flatnonzero(blue.sum(axis=1) > 100)
    between = blue[int(rows.min()) + 20 : int(rows.max()) - 20]
    assert bool(between.any()) == (role == "drawn")


def signed_cm3(surface):
    a, b, c, d = (surface.points[surface.faces[:, n]] for n in range(4))
    return sum(float(np.einsum("ij,ij->i", p, np.cross(q, r)).sum()) for p, q, r in ((a, b, c), (a, c, d))) / 6000.0


# few flat faces between points on a ball hold less than the ball
@pytest.mark.parametrize(("most", "apart"), [(200, 0.2), (1600, 0.1), (100_000, 0.05)])
def test_a_surface_is_closed_faces_outwards_and_keeps_place_and_volume(most, apart):
    grid = np.stack(np.meshgrid(*(np.arange(60) * step for step in (1.0, 1.5, 2.0)), indexing="ij"), axis=-1)
    ball = np.linalg.norm(grid - (30.0, 40.0, 60.0), axis=-1) <= 22.0
    surface = surface_of(ball, np.array([1.0, 1.5, 2.0]), most_faces=most)
    assert 0 < len(surface.faces) <= most
    edges = Counter((int(a), int(b)) for face in surface.faces for a, b in zip(face, np.roll(face, -1), strict=True))
    assert all(edges[b, a] == times for (a, b), times in edges.items())
    assert signed_cm3(surface) == pytest.approx(4 / 3 * np.pi * 2.2**3, rel=apart)
    assert np.allclose(0.5 * (surface.points.min(axis=0) + surface.points.max(axis=0)), (30.0, 40.0, 60.0), atol=2.0)


def test_a_sheet_of_one_voxel_and_a_single_voxel_are_still_seen_and_nothing_has_no_face():
    sheet = np.zeros((200, 200, 8), bool)
    sheet[:, :, 4] = True
    assert 0 < len(surface_of(sheet, np.ones(3), most_faces=500).faces) <= 500
    one = np.zeros((3, 3, 3), bool)
    one[2, 2, 2] = True
    assert len(surface_of(one, np.ones(3)).faces) == 6
    assert len(surface_of(np.zeros((3, 3, 3), bool), np.ones(3)).faces) == 0
    assert space_of(draft(volumes=())) is None
