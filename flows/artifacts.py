"""What a person sees of a run in the Prefect UI besides its steps: the funnel, and where the release is."""

from pathlib import Path

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from tasks.ledger import Ledger

FUNNEL = """
SELECT step || ' ' || kind AS step, sum(entered)::BIGINT AS documents_in, sum(dropped)::BIGINT AS dropped,
    sum(duplicates)::BIGINT AS duplicates, sum(failed)::BIGINT AS failed, sum(kept)::BIGINT AS documents_out,
    sum(entered_bytes)::BIGINT AS bytes_in, sum(kept_bytes)::BIGINT AS bytes_out
FROM funnel GROUP BY funnel.step, kind ORDER BY funnel.step
"""


def show_funnel(ledger: Ledger) -> None:
    """Put the table of documents and bytes per step into the run's artifacts."""
    create_table_artifact(ledger.rows(FUNNEL), key="funnel", description="Documents and bytes per step")


def show_step(title: str, ledger: Ledger) -> None:
    """Put what stands after a step into the step's own artifact."""
    rows = ledger.rows(
        """SELECT source, documents, bytes FROM counts WHERE step = (SELECT max(step) FROM counts)
        ORDER BY documents DESC, source"""
    )
    create_table_artifact(rows, key="counts", description=f"What stands after {title}, by source")


def show_release(release: Path) -> None:
    """Put links to the release into the run's artifacts."""
    names = ("report.html", "card.md", "manifest.json", "ledger.duckdb")
    lines = [f"- [{name}]({(release / name).absolute().as_uri()}): `{release / name}`" for name in names]
    create_markdown_artifact("\n".join([f"**Release** `{release}`", "", *lines]), key="release", description="Release")
