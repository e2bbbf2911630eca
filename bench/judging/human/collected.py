"""One import of raters' answers, scored."""

from __future__ import annotations

from bench.judging.human.agreement import fleiss_kappa, krippendorff_alpha
from bench.judging.human.answers import Answers
from bench.judging.human.scores import TEST, score
from bench.judging.human.sheet import Sheet
from bench.records.human import Collected


def collect(sheet: Sheet, answers: Answers, reference: str = "seqgan") -> Collected:
    """Return the score of each origin, and how far the raters agree."""
    return Collected(
        sheet.dataset,
        sheet.seal,
        len(answers.raters),
        len(sheet.items),
        reference,
        TEST,
        fleiss_kappa(answers.judged_real),
        krippendorff_alpha(answers.judged_real),
        score(sheet, answers, reference),
    )
