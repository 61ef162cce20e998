"""Names of cards and suggestions that say what they were about: nothing is stored until somebody answers.

The name is a UUID of version 8 (RFC 9562): which topic, of which library, 46 random bits, and 48 bits of HMAC-SHA-256 under the key of
the service, so that feedback on a card that was never given here is told apart.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

__all__ = ["CardNames"]

_TOPIC_BITS: Final = 12
_TAG_BITS: Final = 16
_RANDOM_BITS: Final = 46
_MAC_BITS: Final = 48


@dataclass(frozen=True)
class CardNames:
    """Names for the topics of one service.

    >>> names = CardNames(b"key", "2026-1", ["options", "option:conv-30-10"])
    >>> names.topic(names.name("options")), names.topic("4e0a3a1e-3283-4575-ab82-028d55fe2719") is None
    ('options', True)

    Parameters
    ----------
    key : secret of the service
    version : of the library; a name of another version tells that it is older
    topics : at most 4096, in an order that follows from the version
    """

    key: bytes
    version: str
    topics: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.topics) > 1 << _TOPIC_BITS:
            raise ValueError("too many topics for a name")

    @cached_property
    def _index(self) -> dict[str, int]:
        return {topic: i for i, topic in enumerate(self.topics)}

    @cached_property
    def _tag(self) -> int:
        digest = hashlib.sha256("\n".join([self.version, *self.topics]).encode()).digest()
        return int.from_bytes(digest[:2], "big")

    def _mac(self, head: int) -> int:
        digest = hmac.new(self.key, b"cds-card:" + head.to_bytes(10, "big"), hashlib.sha256).digest()
        return int.from_bytes(digest[: _MAC_BITS // 8], "big")

    def name(self, topic: str) -> str:
        """A new name for a topic."""
        head = (self._index[topic] << _TAG_BITS) | self._tag
        head = (head << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
        value = (head << _MAC_BITS) | self._mac(head)
        low, middle, high = value & ((1 << 62) - 1), (value >> 62) & 0xFFF, value >> 74
        return str(uuid.UUID(int=(high << 80) | (8 << 76) | (middle << 64) | (0b10 << 62) | low))

    def topic(self, name: str) -> str | None:
        """What a name was about; None when it was not given here. One of an older library gives ``earlier library``."""
        try:
            number = uuid.UUID(name).int
        except (ValueError, AttributeError, TypeError):
            return None
        if (number >> 76) & 0xF != 8 or (number >> 62) & 0b11 != 0b10:
            return None
        value = ((number >> 80) << 74) | (((number >> 64) & 0xFFF) << 62) | (number & ((1 << 62) - 1))
        head, mac = value >> _MAC_BITS, value & ((1 << _MAC_BITS) - 1)
        if not hmac.compare_digest(mac.to_bytes(6, "big"), self._mac(head).to_bytes(6, "big")):
            return None
        index, tag = head >> (_TAG_BITS + _RANDOM_BITS), (head >> _RANDOM_BITS) & ((1 << _TAG_BITS) - 1)
        if tag != self._tag or index >= len(self.topics):
            return "earlier library"
        return self.topics[index]
