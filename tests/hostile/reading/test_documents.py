"""Documents made to do harm, each in a process of its own where it could end one."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import portico
from pace import pace
from portico.errors import ReadingRefused
from portico.reading import parse_json, parse_yaml, read_document

SOURCE = str(Path(portico.__path__[0]).parent)
DEEP = 200_000

CHILD = """
import sys, yaml
from portico.errors import ReadingRefused
from portico.reading import read_document, yaml_text
if sys.argv[2] == "python":
    yaml_text.EVENT_PARSER = yaml.BaseLoader
try:
    read_document(sys.argv[1])
except ReadingRefused as error:
    print(error.code, error.problem.line)
if sys.platform == "linux":
    # Not getrusage: its peak counts the parent's memory before exec.
    with open("/proc/self/status") as status:
        print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


def in_a_process(path, parser="c"):
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), parser],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": SOURCE},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    code, line, *memory = done.stdout.split()
    return code, line, int(memory[0]) if memory else 0, time.perf_counter() - begin


@pytest.mark.parametrize("parser", ["c", "python"])
@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("flow.yaml", "[" * DEEP, "too-deep"),
        ("closed.yaml", "[" * DEEP + "]" * DEEP, "too-deep"),
        ("flow-maps.yaml", "{a: " * DEEP, "too-deep"),
        ("mixed.yaml", "[{a: " * DEEP, "too-deep"),
        ("inline.yaml", "- " * DEEP, "too-deep"),
        ("indented.yaml", "".join(" " * depth + "-\n" for depth in range(1900)), "too-deep"),
        ("keys.yaml", "".join(" " * depth + "a:\n" for depth in range(1900)), "too-deep"),
        ("complex.yaml", "? " * DEEP, "key-not-text"),
        ("braces.yaml", "{" * DEEP, "key-not-text"),
        (
            "directives.yaml",
            "".join(f"%TAG !{number}! tag:x\n" for number in range(90_000)),
            "directive-refused",
        ),
        ("list.json", "[" * DEEP, "too-deep"),
        ("closed.json", "[" * DEEP + "]" * DEEP, "too-deep"),
        ("map.json", '{"a":' * DEEP, "too-deep"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith(("yaml", "json")) else "",
)
def test_deep_documents_are_refused_at_their_beginning(tmp_path, name, text, code, parser):
    path = tmp_path / name
    path.write_text(text)
    found, _, _, seconds = in_a_process(path, parser)
    assert found == code
    assert seconds < 10 * pace()


def test_an_alias_bomb_is_refused_at_its_first_anchor(tmp_path):
    levels = ['a: &a ["lol"]'] + [
        f"{chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 9)}]" for level in range(9)
    ]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(levels))
    assert in_a_process(path)[:2] == ("alias-refused", "1")


@pytest.mark.parametrize("name", ["big.yaml", "big.json"])
def test_a_file_of_100_mb_is_refused_without_reading_it(tmp_path, name):
    path = tmp_path / name
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    code, _, kilobytes, _ = in_a_process(path)
    assert code == "too-large"
    assert kilobytes < 90_000  # the file would not fit into this
    begin = time.process_time()
    with pytest.raises(ReadingRefused):
        read_document(path)
    assert time.process_time() - begin < 0.1 * pace()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("dose: 30 Gy\ndose: 8 Gy\n", "duplicate-key"),
        ("survival: .nan\n", "not-a-number"),
        ("pathology: no\n", "ambiguous-scalar"),
        ("age: 012\n", "ambiguous-scalar"),
    ],
)
def test_small_traps(tmp_path, text, code):
    path = tmp_path / "case.yaml"
    path.write_text(text)
    assert in_a_process(path)[0] == code


MEGABYTES = 2 * 1024 * 1024


@pytest.mark.skipif(not hasattr(yaml, "CBaseLoader"), reason="the Python parser is slower on large texts")
@pytest.mark.parametrize(
    "unit",
    [
        "a,",
        "- a\n",
        "b\n  ",
        "a:",
        "-",
        "''",
        "!",
        "&a ",
        '"a" ',
        "\\n",
        "---\n",
        "[]",
        "? ",
        "?\n",
        "#\n",
        "\n",
        " ",
        "|",
        "%a\n",
        "0",
        "1:",
    ],
)
@pytest.mark.parametrize("start", ["", "[", "a: ", 'a: "', "a: |\n  "])
def test_no_large_text_takes_long(start, unit):
    text = start + unit * ((MEGABYTES - 100) // len(unit))
    begin = time.process_time()
    try:
        parse_yaml(text)
    except ReadingRefused as error:
        assert error.code != "reading-refused"
    assert time.process_time() - begin < 5 * pace()


structural = st.text(st.sampled_from("[]{},:?-#&*!|>'\"%@` \n\t~<=0123456789.eE_+axn\\u\r\x00\ufeffé😀"), max_size=60)


@given(st.one_of(structural, st.text(), st.binary(max_size=60)))
def test_any_text_is_read_or_refused(source):
    for parse in (parse_yaml, parse_json):
        try:
            parse(source)
        except ReadingRefused as error:
            assert error.code != "reading-refused"
