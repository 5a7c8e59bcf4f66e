"""What is known around a sentence when it is read, and the words in it that say what is done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tegmen.ledger.entries import Entry, Kind
from tegmen.ledger.reading.dates import Time
from tegmen.ledger.reading.drafts import Draft, Reason, reasons
from tegmen.ledger.reading.names import Names
from tegmen.ledger.reading.quantities import Count
from tegmen.ledger.reading.sentences import Sentence
from tegmen.ledger.reading.speakers import Attribution, Voice, voice_at

GIVE = (
    r"(?:deliver|provide|send|supply|transfer|donate|hand\sover|give|ship|share|allocate|contribute"
    r"|receive|get|be\sdelivered|be\ssent|be\stransferred|be\ssupplied|be\sprovided|arrive|lend|gift|pledge|be\sannounced)"
)
GIVEN = (
    r"(?:deliver(?:ed|ing|y\sof)|deliveries\sof|handed\sover|handing\sover|supplied|supplying"
    r"|transferred|transferring|donated|donating|provided|providing|received|receiving|gave|given"
    r"|sent|sending|arrived|took\sdelivery\sof|shared|lent)"
)
MODAL = (
    r"(?:will|would|shall|plans?\sto|planned\sto|intends?\sto|agreed\sto|decided\sto|is\sto|are\sto"
    r"|ready\sto|going\sto|set\sto|due\sto|promis(?:ed|es|ing)\sto|pledg(?:ed|es|ing)\sto|vow(?:ed|s"
    r"|ing)\sto|committed\sto|wants?\sto|willing\sto|prepared\sto|prepares\sto|undertook\sto)"
)
CUES = re.compile(
    rf"""
    (?P<negated>\b(?:(?:did|has|have|had|was|were|is|are|does|do|will|would|could|can)(?:\s?n[o']t|n't|n’t)
        |cannot|not\syet|not\s(?:ready|willing|prepared|able)\sto|never|refus(?:ed|es|ing)\sto|(?:reject|dismiss|refut)(?:ed|es|s)|declin(?:ed|es)\sto|fail(?:ed|s)\sto|ruled\sout|rul(?:es
        |ing)\sout|without|yet\sto|no\splans\sto|unable\sto)
        (?:\s(?!only\b)[\w'-]+){{0,3}})
  | (?P<requested>\b(?:request(?:ed|s|ing)?|ask(?:ed|s|ing)?\s(?:[\w'’-]+\s){{0,6}}?(?:for|to\s\w+)|urg(?:ed|es
        |ing)\s(?:[\w'’-]+\s){{0,6}}?to\s\w+|appeal(?:ed|s|ing)?\s(?:[\w'’-]+\s){{0,6}}?for|call(?:ed|s
        |ing)?\s(?:[\w'’-]+\s){{0,6}}?(?:for|to\s(?:{GIVE}))|demand(?:ed|s|ing)|seek(?:s|ing)?|sought
        |pleaded\sfor))\b
  | (?P<pledged>\b(?:{MODAL}\s(?:[\w'-]+\s){{0,2}}?{GIVE}|pledg(?:ed|es|ing|e\sof)|promis(?:ed|es|ing)|vow(?:ed
        |s)|commit(?:ted|s|ting)|commitment\sof|offer(?:ed|s|ing)|announc(?:ed|es|ing)|to\s(?:[a-z]+ly\s)?{GIVE}
        |agreed\s(?:[\w'-]+\s){{1,6}}?to\s(?:[a-z]+ly\s)?{GIVE}))\b
  | (?P<giving>\b(?:is|are)\s(?:sending|supplying|providing|donating|delivering|giving))\b
  | (?P<contained>\b(?:package|accord|agreement|pact|tranche|deal|contract)\s(?:will\s|would\s)?(?:includ|contain
        |compris)(?:es|e|ed|s))\b
  | (?P<approved>\b(?:approv(?:ed|es|ing)|authori[sz](?:ed|es|ing)|green-?lit|cleared|signed\s(?:off(?:\son)?|into\slaw)
        |passed|voted\sfor|allocat(?:ed|es)|earmark(?:ed|s)|ordered|contracted|signed\sa\scontract))\b
  | (?P<transit>\b(?:in\stransit|on\s(?:the|its|their)\sway|en\sroute|shipped|dispatched|being\s(?:delivered
        |transferred|shipped)))\b
  | (?P<lapsed>\b(?:lapsed|expired|cancel(?:l)?ed|withdrew|withdrawn|suspended|scrapped|fell\sthrough
        |backed\sout))\b
  | (?P<delivered>\b{GIVEN})\b
  | (?P<attack>\b(?:launch(?:ed|es|ing)|fir(?:ed|es|ing)|shot\sdown|shoot(?:ing|s)?\sdown|down(?:ed|ing)
        |destroy(?:ed|s|ing)|intercept(?:ed|s|ing)|struck|str(?:ikes|iking)|hit(?:s|ting)?|dropp(?:ed|ing)
        |attack(?:ed|ing)|neutrali[sz](?:ed|ing)|br(?:ought|inging)\sdown|stopped|us(?:ed|es|ing)|kill(?:ed|ing)|died?|hurt|wound(?:ed|ing)|injur(?:ed|ing)
        |damag(?:ed|ing)|los(?:t|ing|es)|suppress(?:ed|ing)|jammed|repel(?:led|ling)|released|penetrated
        |breached|flew|targeted|involving|involved|unleashed|rained|captured|knocked\sout|deployed))\b
  | (?P<state>\b(?:need(?:s|ed|ing)?|requir(?:es|ed|ing)|lack(?:s|ed)?|has|have|had|possess(?:es|ed)?
        |operat(?:es|ed|ing)|hold(?:s|ing)?|(?<!its\s)(?<!their\s)owns?|kept|keeps?|stockpil(?:ed|es)|produc(?:es|ed|ing|e)
        |manufactur(?:es|ed)|there\s(?:are|were|is|was)|enough|sufficient|would\sbe|consist(?:s|ed)\sof|left
        |remain(?:s|ed|ing)?|should|must|could|may|might|consider(?:s|ed|ing)?|discuss(?:ed|ing)?|if))\b
    """,
    re.VERBOSE,
)
STAGE_OF_CUE = {
    "requested": "requested",
    "pledged": "pledged",
    "contained": "pledged",
    "giving": "delivered",
    "approved": "approved",
    "transit": "in transit",
    "lapsed": "lapsed",
    "delivered": "delivered",
}
LINK = re.compile(
    r"\s(?:(?:were|was|have|had|has|been|be|being|are|is|also|already|later|then|all|recently|which"
    r"|that|of\s\w+|in\s[A-Z]\w+|(?:purchased|bought|ordered|promised|pledged|built|made|meant|donated"
    r"|supplied|provided|given|sent)\s(?:for|by|in"
    r"|from)\s[A-Z]\w+|successfully)\s)*"
)
OTHER_ACT = re.compile(r"\bthat\b|\bas\s(?:he|she|they)\b|[\"“”;:\d]|,\s|\b(?:launched|had|were|was|would|will)\b")
"""Words between a speaker and a time that give the time to something else."""


Place = tuple[str, tuple[tuple[int, int], ...]]
"""Name of a place, and where in the text it stands."""
NOWHERE: Place = ("", ())


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known around a sentence when it is read.

    Parameters
    ----------
    sentence
        The sentence.
    names
        Full names of the people in the text.
    times
        Expressions of time in it.
    attributions
        Who says it.
    around
        The sentences of its paragraph, with their attributions.
    things
        What was counted in the sentence before.
    day
        Expression of time of the paragraph's last attack, for sentences that give none.
    said
        When words before it in the paragraph were said, for quotations that go on.
    """

    sentence: Sentence
    names: Names
    times: tuple[Time, ...]
    attributions: list[Attribution]
    around: Sequence[tuple[Sentence, list[Attribution]]]
    things: tuple[Count, ...] = ()
    day: Time | None = None
    said: Time | None = None

    @property
    def thing(self) -> Count | None:
        """What was counted last, for "of them"."""
        return self.things[-1] if self.things else None

    def draft(self, kind: Kind, position: int, time: Time | None, because: Sequence[Reason], **said: Any) -> Draft:
        """Draft what stands at a position: who says it and when it was, as far as `said` does not tell."""
        voice, sentence = self.voice(position), self.sentence
        fields: dict[str, Any] = {
            "speaker": voice.speaker,
            "via": ", ".join(voice.via),
            "period": None if time is None else time.period,
            "date": None if time is None else time.day,
            "evidence": (sentence.start, sentence.end),
            "doubtful": time is not None and time.doubtful,
        }
        return Draft(Entry(kind, **fields | said), tuple(because))

    def because(self, field: str, span: tuple[int, int] | None, rule: str = "") -> list[Reason]:
        """Give the words between two places of the sentence as the reason for a field; none where there are none."""
        base = self.sentence.start
        return [] if span is None else reasons(field, (base + span[0], base + span[1]), rule=rule)

    def named(self, start: int, end: int) -> list[str]:
        """People named between two places of the sentence, counted from its start."""
        base, tokens = self.sentence.start, self.sentence.tokens
        return self.names.named_in([token for token in tokens if base + start <= token.start < base + end])

    def voice(self, position: int) -> Voice:
        """Who says what stands at a position."""
        return voice_at(position, self.sentence, self.around)


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that say what is done with what is counted."""

    name: str
    start: int
    end: int


def find_cues(sentence: Sentence) -> list[Cue]:
    """Find the words of a sentence that say what is done with what it counts."""
    return [
        Cue(str(match.lastgroup), sentence.start + match.start(), sentence.start + match.end())
        for match in CUES.finditer(sentence.text)
    ]


def is_saying(setting: Setting, time: Time) -> bool:
    """Whether a time says when words were said: "said on Monday", "On Monday, Kuleba told"."""
    sentence = setting.sentence
    for a in setting.attributions:
        behind = sentence.between(a.end, time.start)
        if a.end <= time.start and len(behind) < 70 and not OTHER_ACT.search(behind):
            return True
        ahead = sentence.between(time.end, a.start)
        if time.end <= a.start and re.fullmatch(r",?\s?", ahead) and time.start - sentence.start < 12:
            return True
    return False
