"""Tables, and files that are whole or not there."""

from __future__ import annotations

import pytest

from portico.cli.output import plain_table, save
from portico.errors import ReadingRefused, UsageError


def test_the_last_column_wraps_and_the_others_stay() -> None:
    text = plain_table(["id", "says"], [["a-long-identifier", "word " * 20]], width=50)
    lines = text.splitlines()
    assert all(len(line) <= 50 for line in lines)
    assert lines[3].startswith(" " * 19 + "word")


def test_control_characters_and_line_ends_stay_out_of_cells() -> None:
    assert plain_table(["x"], [["a\x1b[2J\nb"]]).splitlines()[-1] == "a\\x1b[2J b"


def test_an_empty_table_has_its_headers() -> None:
    assert plain_table(["a", "b"], []).splitlines() == ["a  b", "-  -"]


def test_save_makes_directories_and_replaces(tmp_path) -> None:
    path = tmp_path / "a" / "b.txt"
    save(path, "one")
    save(path, b"two")
    assert path.read_text() == "two"
    assert [found.name for found in path.parent.iterdir()] == ["b.txt"]


def test_save_can_keep_what_is_there(tmp_path) -> None:
    path = tmp_path / "b.txt"
    save(path, "one", replace=False)
    save(path, "one", replace=False)
    with pytest.raises(UsageError) as caught:
        save(path, "two", replace=False)
    assert caught.value.code == "file-exists"
    assert path.read_text() == "one"


def test_save_where_a_file_is_in_the_way(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReadingRefused) as caught:
        save(tmp_path / "file" / "b.txt", "one")
    assert caught.value.code == "cannot-write"
