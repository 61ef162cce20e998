"""``portico evidence``: what the studies say together, where nothing is known, and how new literature comes in."""

from __future__ import annotations

import typer

from portico.cli import (
    evidence_build,
    evidence_confirm,
    evidence_diff,
    evidence_dose,
    evidence_drafts,
    evidence_gaps,
    evidence_intake,
    evidence_pool,
    evidence_publish,
    evidence_table,
    evidence_timeline,
)

__all__ = ["evidence_app"]

evidence_app = typer.Typer(
    name="evidence",
    help="Tables, pooled answers, dose response, gaps, pages, publication and intake of the evidence.",
    rich_markup_mode=None,
)
evidence_app.command("table", help=evidence_table.TABLE_HELP)(evidence_table.table)
evidence_app.command("show", help=evidence_table.SHOW_HELP)(evidence_table.show_study)
evidence_app.command("pool", help=evidence_pool.POOL_HELP)(evidence_pool.pool)
evidence_app.command("dose", help=evidence_dose.DOSE_HELP)(evidence_dose.dose)
evidence_app.command("gaps", help=evidence_gaps.GAPS_HELP)(evidence_gaps.gaps)
evidence_app.command("timeline", help=evidence_timeline.TIMELINE_HELP)(evidence_timeline.timeline)
evidence_app.command("report", help=evidence_build.REPORT_HELP)(evidence_build.report)
evidence_app.command("build", help=evidence_build.BUILD_HELP)(evidence_build.build)
evidence_app.command("diff", help=evidence_diff.DIFF_HELP)(evidence_diff.diff)
evidence_app.command("intake", help=evidence_intake.INTAKE_HELP)(evidence_intake.intake)
evidence_app.command("screen", help=evidence_intake.SCREEN_HELP)(evidence_intake.screen)
evidence_app.command("draft", help=evidence_drafts.DRAFT_HELP)(evidence_drafts.draft)
evidence_app.command("confirm", help=evidence_confirm.CONFIRM_HELP)(evidence_confirm.confirm)
evidence_app.command("promote", help=evidence_drafts.PROMOTE_HELP)(evidence_drafts.promote)
evidence_app.command("publish", help=evidence_publish.PUBLISH_HELP)(evidence_publish.publish)
