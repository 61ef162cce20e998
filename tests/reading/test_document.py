"""Places, suggestions, and the façade of the room."""

import pytest

from portico import reading
from portico.reading import Document, did_you_mean, format_path


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ((), ""),
        (("a", "b", 0, "c"), "a.b[0].c"),
        ((0, 1), "[0][1]"),
        (("a b",), '["a b"]'),
        (("a", "b.c"), 'a["b.c"]'),
        (("x\x1b[2J",), '["x\\u001b[2J"]'),
        (("30_10",), "30_10"),
        (("k" * 50,), '["' + "k" * 40 + '…"]'),
    ],
)
def test_places(parts, text):
    assert format_path(parts) == text
    assert Document(None, {}, "f").place(parts) == text


def test_a_document_without_lines_has_none():
    assert Document({}, {}, "f").line(("a",)) is None


def test_suggestions():
    assert did_you_mean("histolgy", ["histology", "side"]) == "histology"
    assert did_you_mean("SINS", ["sins"]) == "sins"
    assert did_you_mean("qqq", ["sins"]) is None
    assert did_you_mean("x", []) is None
    assert did_you_mean("x" * 10_000, ["x" * 9_999]) is None


def test_the_index_of_the_room_is_complete_and_sorted():
    names = reading.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(reading, name) for name in names)
    public = {
        name for name, value in vars(reading).items() if getattr(value, "__module__", "").startswith("portico.reading")
    }
    assert {name for name in public if not name.startswith("_")} <= set(names)
