"""Mutated documents: every outcome is a value or a ReadingRefused, none slow; both YAML parsers agree.

PORTICO_FUZZ sets the number of mutated inputs (2,000 unless set; 100,000 in the full run).
"""

import json
import math
import os
import random
import time

import pytest
import yaml

from pace import pace
from portico.errors import ReadingRefused
from portico.reading import Limits, parse_json, parse_yaml, yaml_text

COUNT = int(os.environ.get("PORTICO_FUZZ", "2000"))
SLOWEST_SECONDS = 2.0
PACE = pace()

YAML_SAMPLES = [
    b"""schema: case/1
as_of: 2024-05-20
patient: {age: 67, ecog: 1, sex: null}
cancer:
  histology: "renal"
  oligometastatic: true
surgeries:
  - date: 2024-05-01
    procedure: nail   # intramedullary
    hardware: [titanium, 'cobalt chrome']
    note: |
      two lines
      of text
  - date: 2024-05-03
    margin: 12 mm
prior_courses: []
dose: 30 Gy
p: 0.05
n: 120
""",
    b"""- a: 1
  b:
    - [1, 2.5, -3, ~]
    - {x: 'it''s', "y": "\\u00e9"}
- >
  folded
  text
- ? q
  : r
""",
    "\ufeffname: Ünïcode – 30 Gy\nlevels: [T4, T5]\n".encode(),
]
JSON_SAMPLES = [
    json.dumps(
        {
            "schema": "case/1",
            "patient": {"age": 67, "ecog": 1, "sex": None},
            "surgeries": [{"date": "2024-05-01", "ok": True, "x": [1.5e-3, -2, 0]}],
            "text": 'é \\ " \n \ud83d\ude00',
        },
        indent=1,
    ).encode(),
    b'[[], {}, "", 0, -0.5, 1E+2, false]',
]
MARKS = b"[ ] { } , : ? - # & * ! | > ' \" % @ ` ~ << = \t \n \r \r\n \x00 \x1b \x7f"
UNICODE = b"\xc2\x85 \xe2\x80\xa8 \xef\xbb\xbf \xff \\x00 \\ud800 \\U99999999"
WORDS = b"no yes 012 0x1F 1:30 1_000 .nan .inf NaN true null --- ... 1e5 9e9 99999999999999999999 1.0e+999"
PROPERTIES = b"!!str !!python/object: &a *a %YAML %TAG <<: a: '' \"\""
BITS = [
    *(part for text in (MARKS, UNICODE, WORDS, PROPERTIES) for part in text.split(b" ")),
    *(b" ", b"  ", b"\n  ", b": ", b"- ", b"? ", b" #", b"- - -", b"[" * 60, b"- " * 60, b'{"a":' * 60),
]


def mutated(random_: random.Random, sample: bytes) -> bytes:
    data = bytearray(sample)
    for _ in range(random_.choice((1, 1, 1, 2, 3, 8))):
        where = random_.randrange(len(data) + 1)
        kind = random_.randrange(8)
        if kind == 0 and data:
            data[where % len(data)] ^= 1 << random_.randrange(8)
        elif kind == 1:
            del data[where:]
        elif kind == 2:
            data[where:where] = random_.choice(BITS)
        elif kind == 3:
            lines = bytes(data).split(b"\n")
            at = random_.randrange(len(lines))
            lines[at:at] = [lines[random_.randrange(len(lines))]]
            data = bytearray(b"\n".join(lines))
        elif kind == 4:
            del data[where : where + random_.randrange(1, 9)]
        elif kind == 5:
            data[where:where] = random_.choice((b"[", b"{", b"- ", b"? ", b'{"a":', b"'", b'"')) * random_.randrange(
                1, 90
            )
        elif kind == 6:
            end = where + random_.randrange(1, 40)
            data[where:where] = data[where:end]
        else:
            data[where : where + 1] = random_.choice(BITS)
    return bytes(data)


def assert_plain(value: object) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if type(item) is dict:
            assert all(type(key) is str for key in item)
            stack.extend(item.values())
        elif type(item) is list:
            stack.extend(item)
        elif type(item) is float:
            assert math.isfinite(item)
        else:
            assert item is None or type(item) in (str, int, bool)


def outcome(parse, data: bytes) -> tuple[str, object]:
    begin = time.process_time()
    try:
        document = parse(data, name="fuzz")
    except ReadingRefused as error:
        assert error.code != "reading-refused"
        assert error.problem.file == "fuzz"
        result: tuple[str, object] = (error.code, error.problem.line)
    else:
        assert_plain(document.value)
        result = ("value", document)
    assert time.process_time() - begin < SLOWEST_SECONDS * PACE
    return result


@pytest.mark.parametrize(
    ("parse", "samples", "seed"),
    [(parse_yaml, YAML_SAMPLES, 1), (parse_json, JSON_SAMPLES, 2)],
    ids=["yaml", "json"],
)
def test_mutated_documents_are_read_or_refused(parse, samples, seed):
    random_ = random.Random(seed)
    seen: dict[str, int] = {}
    for _ in range(COUNT // 2):
        data = mutated(random_, random_.choice(samples))
        try:
            code, _ = outcome(parse, data)
        except BaseException as error:
            raise AssertionError(f"{type(error).__name__} on {data!r}") from error
        seen[code] = seen.get(code, 0) + 1
    # The mutator must reach both sides, or the test shows nothing.
    assert seen["value"] > COUNT // 50
    assert seen["syntax"] > COUNT // 50
    assert {"too-deep", "duplicate-key", "control-character"} <= set(seen)


@pytest.mark.skipif(not hasattr(yaml, "CBaseLoader"), reason="PyYAML has no C parser here")
def test_both_yaml_parsers_agree_on_what_they_accept(monkeypatch):
    """A document that both accept has one meaning and one set of lines."""
    random_ = random.Random(3)
    both = 0
    for _ in range(COUNT // 4):
        data = mutated(random_, random_.choice(YAML_SAMPLES))
        results = []
        for parser in (yaml.CBaseLoader, yaml.BaseLoader):
            monkeypatch.setattr(yaml_text, "EVENT_PARSER", parser)
            results.append(outcome(parse_yaml, data))
        (code, fast), (slow_code, slow) = results
        if code == slow_code == "value":
            both += 1
            assert fast.value == slow.value, data
            assert dict(fast.lines) == dict(slow.lines), data
    assert both > COUNT // 50


def test_a_value_that_json_reads_is_the_one_that_the_standard_library_reads():
    random_ = random.Random(4)
    compared = 0
    for _ in range(COUNT // 4):
        data = mutated(random_, random_.choice(JSON_SAMPLES))
        try:
            value = parse_json(data, limits=Limits()).value
        except ReadingRefused:
            continue
        compared += 1
        assert value == json.loads(data.decode("utf-8-sig")), data
    assert compared > COUNT // 100
