"""Page 3, for the patient: plain words. A sentence that states a fact rests on a record and carries it.

Nothing here adds to the advice: a sentence appears only when the rule behind it holds for the case. No figure is
printed; figures belong to the talk with the physician.
"""

from __future__ import annotations

from typing import Any, Final

from portico.advice.model import Advice, Statement
from portico.report.wording import BONES

__all__ = ["URGENT_SIGNS", "patient_view"]

#: General safety wording, the same for every patient.
URGENT_SIGNS: Final = (
    "New weakness in an arm or a leg, or trouble walking.",
    "New numbness, or a feeling like pins and needles that does not go away.",
    "Trouble holding or passing urine or stool, or numbness between the legs.",
    "Fever, or a wound that opens, leaks, swells or turns red.",
    "Sudden pain when you put weight on the bone or move it.",
)

#: What a rule means in plain words. The sentence is printed when the rule holds, with the rule's records.
_PLAIN: Final = {
    "ind-nonspine-port": "A medical guideline recommends radiotherapy after an operation like yours. It does not say which dose is best.",
    "ind-spine-port": "A medical guideline recommends radiotherapy after an operation on a tumour of the spine.",
    "ind-none-en-bloc": "The tumour was taken out in one piece. It may be an option to wait and look, without radiotherapy.",
    "ind-none-last-weeks": "It is also an option to care for your comfort without radiotherapy.",
    "alongside-pain-flare": "Pain can become worse for some days after radiotherapy begins. Ask beforehand what to take for it.",
    "alongside-pain-response": "Pain relief from radiotherapy takes time, often some weeks.",
    "alongside-weight-bearing": "Your surgeon decides how much weight you may put on the bone. Radiotherapy does not change that.",
    "alongside-construct-spine": "Screws and rods can loosen or break in some people. Tell your team about new pain when you move.",
    "alongside-systemic-ask": "Ask your cancer doctor whether any of your medicines should pause during radiotherapy.",
    "alongside-bone-agent": "Ask your cancer doctor about medicines that strengthen bone.",
    "alongside-follow-nonspine": "After treatment your team will look at the bone and the metal again with X-rays or scans.",
    "alongside-late-failure": "After treatment your team will look at your spine again with scans, for years.",
}

_WEIGHT: Final = {
    "full": "Your surgeon allows full weight-bearing.",
    "partial": "Your surgeon allows part of your weight only. Ask how much, and with which aid.",
    "none": "Your surgeon does not allow you to put weight on it for now.",
}


def _sentence(text: str, *records: str, basis: str = "evidence") -> dict[str, Any]:
    return {"text": text, "records": list(records), "basis": basis}


def patient_view(advice: Advice) -> dict[str, Any]:
    """Page 3 as plain data: sentences with the records they rest on.

    ``basis`` is ``evidence`` for what records say, ``case`` for what the case file says, ``safety`` for general
    safety wording, ``general`` for words that state no finding.
    """
    return {
        "hold_back": (
            "Your team has something to settle before this page can be given to you. "
            "It must not be handed out as it stands."
            if advice.notices
            else None
        ),
        "what": _what(advice),
        "why": _why(advice),
        "expect": _expect(advice),
        "weight": _weight(advice),
        "signs": [_sentence(text, basis="safety") for text in URGENT_SIGNS],
        "contacts": [
            "Phone number of your team",
            "At night and at weekends",
            "Your radiotherapy appointment",
        ],
    }


def _what(advice: Advice) -> list[dict[str, Any]]:
    row = advice.row
    bone = row.get("bone")
    name = f"your {BONES[bone]}" if bone in BONES else "a bone"
    found = []
    if row.get("surgery_done") is True:
        found.append(_sentence(f"Cancer had spread to {name}, and you had an operation there.", basis="case"))
    found.append(_sentence("Your team is choosing, with you, what follows.", basis="general"))
    if row.get("declines_radiotherapy") is True:
        found.append(
            _sentence("You have said that you do not want radiotherapy now. You may change your mind.", basis="case")
        )
    found.append(
        _sentence("Radiotherapy treats a part of the body with X-rays, on one day or on several days.", basis="general")
    )
    options = [o for o in advice.options if o.status == "eligible" and o.visits]
    visits = sorted({o.visits for o in options if o.visits})
    if visits and not advice.notices:
        one = len(visits) == 1
        number = str(visits[0]) if one else f"{', '.join(map(str, visits[:-1]))} or {visits[-1]}"
        found.append(
            _sentence(
                f"The courses that your team can offer take {number} {'visit' if visits == [1] else 'visits'}.",
                *(o.id for o in options),
            )
        )
    return found


def _why(advice: Advice) -> list[dict[str, Any]]:
    statements = {s.records[0]: s for o in advice.options if o.status == "eligible" for s in o.why if s.records}
    found = [_plain(key, statement) for key, statement in statements.items() if key in _PLAIN]
    found.append(
        _sentence(
            "There are few strong studies of radiotherapy after such operations, so good doctors may advise "
            "different courses. Ask why one is advised to you.",
            *advice.evidence_note.records,
        )
    )
    return found


def _plain(rule: str, statement: Statement) -> dict[str, Any]:
    return _sentence(_PLAIN[rule], *statement.records, basis=statement.basis)


def _expect(advice: Advice) -> list[dict[str, Any]]:
    return [
        _plain(statement.records[0], statement)
        for statement in advice.alongside
        if statement.records and statement.records[0] in _PLAIN
    ]


def _weight(advice: Advice) -> dict[str, Any]:
    allowed = advice.row.get("weight_bearing")
    if allowed in _WEIGHT:
        return {**_sentence(_WEIGHT[allowed], basis="case"), "blank": None}
    asked = _sentence("Ask your surgeon how you may move, lift and put weight on it.", basis="safety")
    return {**asked, "blank": "My surgeon said"}
