"""Score the answers of one import."""

from dataclasses import replace

from bench.judging.human.agreement import fleiss_kappa, krippendorff_alpha
from bench.judging.human.collected import collect
from bench.judging.human.scores import TEST, score


def test_an_import_holds_the_scores_and_the_agreement(a_sheet, judged):
    sheet = replace(a_sheet(n=10), dataset="text:../odd name")
    answers = judged(sheet, real=0.7, seqgan=0.5, mle=0.3)
    collected = collect(sheet, answers, "mle")
    assert collected.scores == score(sheet, answers, "mle")
    assert (collected.dataset, collected.seal) == ("text:../odd name", sheet.seal)
    assert (collected.raters, collected.items, collected.reference, collected.test) == (6, 30, "mle", TEST)
    assert collected.fleiss_kappa == fleiss_kappa(answers.judged_real)
    assert collected.krippendorff_alpha == krippendorff_alpha(answers.judged_real)
