"""Score one import of raters' answers."""

from __future__ import annotations

from bench.judging.human.agreement import fleiss_kappa, krippendorff_alpha
from bench.judging.human.answers import Answers
from bench.judging.human.scores import TEST, score
from bench.judging.human.sheet import Sheet
from bench.records.human import Collected


def collect(sheet: Sheet, answers: Answers, reference: str = "seqgan") -> Collected:
    """Return the score of each origin and the agreement of the raters."""
    return Collected(
        dataset=sheet.dataset,
        seal=sheet.seal,
        raters=len(answers.raters),
        items=len(sheet.items),
        reference=reference,
        test=TEST,
        fleiss_kappa=fleiss_kappa(answers.judged_real),
        krippendorff_alpha=krippendorff_alpha(answers.judged_real),
        scores=score(sheet, answers, reference),
    )
