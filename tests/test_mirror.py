"""Every module has a test file of its name at its place, or is listed here beside the file that tests it."""

from __future__ import annotations

from pathlib import Path

HOUSE = Path(__file__).parent.parent

ELSEWHERE = {
    "baselines/test_every_trainer.py": (
        "baselines/constant_reward.py",
        "baselines/mle.py",
        "baselines/mle_temperature.py",
        "baselines/pg_bleu.py",
        "baselines/random_reward.py",
        "baselines/random_uniform.py",
        "baselines/random_unigram.py",
        "baselines/scheduled_sampling.py",
        "baselines/seqgan.py",
    ),
    "baselines/test_likelihood.py": ("baselines/mle_regularised.py", "baselines/ngram.py", "baselines/transformer.py"),
    "cli/commands/test_dry_run.py": ("bench/cli/options.py",),
    "cli/commands/test_plan.py": ("bench/records/plan_changes.py", "bench/records/plan_facts.py"),
    "cli/commands/test_rescore.py": ("bench/judging/rescore.py", "bench/reporting/rescored.py"),
    "cli/commands/test_run.py": (
        "bench/cli/commands/report.py",
        "bench/cli/commands/status.py",
        "bench/cli/commands/sync.py",
        "bench/cli/following.py",
        "bench/reporting/report_of_run.py",
    ),
    "cli/commands/test_score.py": ("bench/cli/verdict.py", "bench/judging/comparable.py"),
    "cli/commands/test_sweep.py": ("bench/judging/sweep.py", "bench/reporting/swept.py"),
    "cli/test_main.py": ("bench/__main__.py",),
    "contract/test_trainers.py": (
        "bench/contracts/trainer.py",
        "bench/engine/conformance/datasets.py",
        "bench/engine/conformance/distribution.py",
        "bench/engine/conformance/start.py",
        "bench/engine/conformance/subject.py",
        "bench/engine/conformance/trainers.py",
        "bench/engine/conformance/training.py",
    ),
    "contract/test_datasets.py": ("bench/contracts/dataset.py",),
    "datasets/test_known_truth.py": ("datasets/enumerable.py", "datasets/markov.py"),
    "datasets/test_own_text.py": ("datasets/text.py", "bench/toolkit/corpora/scoring.py"),
    "engine/test_estimate.py": ("bench/contracts/cost.py",),
    "engine/test_cluster.py": ("bench/engine/dask.py",),
    "engine/test_pool.py": (
        "bench/engine/backend.py",
        "bench/engine/local.py",
        "bench/engine/preloaded.py",
        "bench/engine/workers.py",
    ),
    "engine/test_probe.py": ("bench/engine/planned.py", "bench/engine/seen.py", "bench/plugins/look.py"),
    "engine/test_progress.py": ("bench/engine/board.py",),
    "engine/test_speed.py": ("bench/cli/commands/speed.py",),
    "judging/test_evaluator.py": ("bench/contracts/generator.py",),
    "judging/test_rejudge.py": ("bench/engine/beside.py", "bench/judging/kept_samples.py"),
    "judging/test_samples_file.py": ("bench/judging/samples.py", "bench/judging/text_samples.py"),
    "judging/test_strange.py": ("bench/judging/remark.py",),
    "planning/test_preset.py": ("bench/planning/toml_lines.py",),
    "engine/test_worker.py": ("bench/engine/output_log.py",),
    "planning/test_plan.py": ("bench/planning/cell.py", "bench/planning/request.py"),
    "engine/test_job.py": ("bench/records/artifacts.py",),
    "records/test_live.py": ("bench/records/mirror.py",),
    "reporting/test_build.py": (
        "bench/reporting/compare.py",
        "bench/reporting/marks.py",
        "bench/reporting/notes.py",
        "bench/reporting/render.py",
        "bench/reporting/table.py",
        "bench/reporting/to_csv.py",
    ),
    "reporting/test_labs.py": ("bench/engine/retrain.py", "bench/judging/retrained.py"),
    "reporting/test_latex.py": ("bench/reporting/font_widths.py", "bench/reporting/tabular.py"),
    "reporting/test_plan_folder.py": ("bench/reporting/plans_page.py",),
    "reporting/test_tracker.py": (
        "bench/records/histories.py",
        "bench/records/journals.py",
        "bench/records/tracker.py",
    ),
    "reporting/test_unpack.py": ("bench/records/journal_frame.py", "bench/reporting/pack.py"),
    "reporting/page/test_page.py": (
        "bench/reporting/page/charts.py",
        "bench/reporting/page/cost.py",
        "bench/reporting/page/material.py",
        "bench/reporting/page/views.py",
    ),
    "toolkit/corpora/reading/test_delimited.py": ("bench/toolkit/corpora/reading/layout.py",),
    "toolkit/corpora/reading/test_rows.py": ("bench/toolkit/corpora/reading/parquet.py",),
    "toolkit/corpora/test_manifest.py": ("bench/toolkit/corpora/catalogue.py",),
    "toolkit/metrics/test_exact.py": ("bench/toolkit/metrics/prefixes.py", "bench/toolkit/metrics/truth.py"),
    "toolkit/metrics/test_memorisation.py": ("bench/toolkit/metrics/counted.py",),
    "toolkit/metrics/test_nll.py": ("bench/toolkit/metrics/divergence.py",),
    "toolkit/models/test_autoregressive.py": (
        "bench/toolkit/models/deep_lstm.py",
        "bench/toolkit/models/transformer.py",
    ),
    "engine/test_shared_start.py": (
        "bench/toolkit/training/generator.py",
        "bench/toolkit/training/learner.py",
        "bench/toolkit/training/pretraining.py",
    ),
}
"""Test file -> the modules that it tests beside that of its own name."""


def own_test(module: Path) -> Path:
    """Return the place of a module's test file: bench/judging/keep.py -> tests/judging/test_keep.py."""
    inside = module.relative_to("bench") if module.parts[0] == "bench" else module
    return HOUSE / "tests" / inside.with_name(f"test_{module.name}")


def test_every_module_has_its_test_file() -> None:
    shelves = [path for shelf in ("bench", "baselines", "datasets") for path in (HOUSE / shelf).rglob("*.py")]
    modules = {path.relative_to(HOUSE) for path in shelves if path.name != "__init__.py"}
    listed = [Path(name) for names in ELSEWHERE.values() for name in names]
    without = {module for module in modules if not own_test(module).exists()}
    assert without == set(listed) and len(listed) == len(set(listed))


def test_the_listed_test_files_exist() -> None:
    assert not [name for name in ELSEWHERE if not (HOUSE / "tests" / name).exists()]
