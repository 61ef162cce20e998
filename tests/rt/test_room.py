"""The room as a whole."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest
from pydicom.datadict import dictionary_VR, keyword_for_tag

import portico.rt
from portico.rt.dicom_write import _EMPTY as EMPTY
from portico.rt.dicom_write import _KIND_OF, _MORE
from portico.rt.tags import SEQUENCES, TAGS

MODULES = sorted(module.name for module in pkgutil.iter_modules(portico.rt.__path__))


def test_tags_are_those_of_the_registry():
    assert {keyword: keyword_for_tag(tag) for keyword, tag in TAGS.items()} == {keyword: keyword for keyword in TAGS}
    assert {tag for tag in TAGS.values() if dictionary_VR(tag) == "SQ"} == SEQUENCES


def test_representations_written_are_those_of_the_registry():
    for tag, kind in (_KIND_OF | _MORE | EMPTY).items():
        assert kind in dictionary_VR(tag).split(" or "), hex(tag)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(f"portico.rt.{name}")).failed == 0


def test_heavy_libraries_are_loaded_when_needed():
    code = "import sys, portico.rt; print([n for n in ('SimpleITK', 'pydicom', 'scipy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
