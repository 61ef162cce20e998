"""YAML read by events: no aliases, tags, merges or several documents; one meaning for each word; lines kept.

The event parser of PyYAML (its C form where installed) keeps its state on the heap; our composer does too, so
nesting costs no call stack. Depth is checked at each event, so that a deep document is refused at its
beginning.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from portico.errors import ReadingRefused
from portico.reading.document import Document
from portico.reading.limits import DEFAULT, Limits
from portico.reading.scalars import ScalarRefused, plain_scalar
from portico.reading.text import checked_text, line_of
from portico.reading.tree import TreeBuilder

__all__ = ["parse_yaml"]

#: The parser in use; its C form is about ten times as fast.
EVENT_PARSER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

#: Refused before parsing: the C parser takes time growing with the square of the number of directives.
_DIRECTIVE: Final = re.compile("^%", re.MULTILINE)
#: What the Python parser shows for the end of the text.
_END_MARK: Final = "'\\x00'"
_LONGEST_REASON: Final = 100


def parse_yaml(source: str | bytes, *, name: str = "<text>", limits: Limits = DEFAULT) -> Document:
    """Read one YAML document from text.

    >>> parse_yaml("dose: 30 Gy").value
    {'dose': '30 Gy'}
    >>> parse_yaml("pathology: no")
    Traceback (most recent call last):
    ...
    portico.errors.ReadingRefused: <text>:1: pathology: The unquoted word no: YAML readers disagree about...

    Parameters
    ----------
    source : text, or bytes in UTF-8 with or without byte order mark
    name : file name for errors
    limits : bounds; see :class:`portico.reading.Limits`

    Raises
    ------
    ReadingRefused
        ``too-large``, ``too-deep``, ``too-many-nodes``, ``encoding``, ``control-character``, ``syntax``,
        ``empty-document``, ``several-documents``, ``directive-refused``, ``alias-refused``, ``tag-refused``,
        ``merge-refused``, ``duplicate-key``, ``key-not-text``, ``ambiguous-scalar``, ``not-a-number``,
        ``number-too-long``, ``number-out-of-range``
    """
    text = checked_text(source, name, limits)
    directive = _DIRECTIVE.search(text)
    if directive:
        raise ReadingRefused(
            "A line begins with a per cent sign; YAML directives are not accepted.",
            code="directive-refused",
            file=name,
            line=line_of(text, directive.start()),
            fix="Remove the line, or indent it if it belongs to a text.",
        )
    tab = text.find("\t")
    if tab >= 0:
        raise ReadingRefused(
            "A tab stands on this line; YAML readers disagree about tabs.",
            code="syntax",
            file=name,
            line=line_of(text, tab),
            fix="Use spaces, or write \\t inside double quotes.",
        )
    builder = TreeBuilder(name, limits)
    parser = None
    try:
        parser = EVENT_PARSER(text)
        _compose(parser, builder)
    except yaml.YAMLError as error:
        raise _syntax(error, text, name) from None
    except (ValueError, OverflowError, IndexError) as error:  # the Python parser on impossible escapes
        raise ReadingRefused("The YAML cannot be read.", code="syntax", file=name) from error
    finally:
        if parser is not None:
            parser.dispose()
    if not builder.finished:
        raise _empty(name)
    return builder.document()


def _empty(name: str) -> ReadingRefused:
    return ReadingRefused("The document is empty.", code="empty-document", file=name)


def _compose(parser: Any, builder: TreeBuilder) -> None:
    documents = 0
    flow_from = builder.limits.max_depth + 1  # depth at which the outermost [ or { was opened
    while parser.check_event():
        event = parser.get_event()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            _check_properties(event, builder, line)
            _scalar(event, builder, line, in_flow=builder.depth > flow_from)
        elif isinstance(event, yaml.CollectionStartEvent):
            _check_properties(event, builder, line)
            if builder.wants_key:
                raise _key_not_text(builder, line)
            if event.flow_style:
                flow_from = min(flow_from, builder.depth)
            if isinstance(event, yaml.MappingStartEvent):
                builder.open_mapping(line)
            else:
                builder.open_sequence(line)
        elif isinstance(event, yaml.CollectionEndEvent):
            builder.close()
            if builder.depth == flow_from:
                flow_from = builder.limits.max_depth + 1
        elif isinstance(event, yaml.AliasEvent):
            raise _alias(builder, line)
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise ReadingRefused(
                    "The file holds several documents.",
                    code="several-documents",
                    file=builder.name,
                    line=line,
                    fix="Keep one document and at most one line of three hyphens, at the top.",
                )


def _check_properties(event: Any, builder: TreeBuilder, line: int) -> None:
    if event.anchor is not None:
        raise _alias(builder, line)
    if event.tag is not None:
        raise builder.refused("tag-refused", "YAML tags are not accepted.", line, "Remove the tag or quote the text.")


def _alias(builder: TreeBuilder, line: int) -> ReadingRefused:
    return builder.refused(
        "alias-refused",
        "YAML anchors and aliases are not accepted.",
        line,
        "Write the value out or quote the text.",
    )


def _key_not_text(builder: TreeBuilder, line: int) -> ReadingRefused:
    return builder.refused("key-not-text", "A key must be text.", line, "Quote the key.")


def _scalar(event: Any, builder: TreeBuilder, line: int, *, in_flow: bool) -> None:
    text: str = event.value
    if not event.style:
        if not text and not builder.depth:
            raise _empty(builder.name)
        if in_flow and ("?" in text or text.endswith(":")):
            raise builder.refused(
                "ambiguous-scalar",
                "An unquoted text inside brackets holds a question mark or ends in a colon.",
                line,
                "Quote it.",
            )
    wants_key = builder.wants_key
    value: str | int | float | bool | None = text
    # The keys y and n are read as text by all parsers in use and by YAML 1.2; study records need n.
    if not event.style and not (wants_key and text in ("y", "n", "<<")):
        try:
            value = plain_scalar(text, max_int_digits=builder.limits.max_int_digits)
        except ScalarRefused as error:
            raise builder.refused(error.code, error.message, line, error.fix) from None
    if not wants_key:
        builder.scalar(value, line)
    elif isinstance(value, str):
        builder.key(value, line)
    else:
        raise _key_not_text(builder, line)


def _syntax(error: yaml.YAMLError, text: str, name: str) -> ReadingRefused:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = None if mark is None else min(mark.line + 1, len(text.splitlines()) or 1)
    problem = getattr(error, "problem", None) or "the text ends too early or is not YAML"
    # The parsers name their own tokens and single characters; what follows a tag handle would be the user's
    # text.
    shown = str(problem).split("handle '")[0].replace(_END_MARK, "the end of the text")
    shown = shown[:_LONGEST_REASON].strip()
    return ReadingRefused(
        f"The YAML cannot be read: {shown}.",
        code="syntax",
        file=name,
        line=line,
        fix="Check indentation (spaces, no tabs), colons and quotes near this line.",
    )
