"""The command line: run a recipe, look before it runs, and ask the published ledger why."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from flows.terminal import as_csv, as_json, console, output, table
from schemas.errors import GristmillError

app = typer.Typer(
    name="gristmill",
    help="Curate pretraining data: score, filter, deduplicate, reweight, order; and ask in SQL why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Warehouse = Annotated[Path, typer.Option("--warehouse", "-w", help="Folder that holds the ledger, texts and releases.")]
RecipeFile = Annotated[str, typer.Argument(help="The recipe: a YAML file, or the name of one that `recipes` lists.")]
Inputs = Annotated[
    list[str] | None,
    typer.Option("--input", "-i", help="Files to read instead of the recipe's sources: PATTERN or NAME=PATTERN."),
]
Parameters = Annotated[list[str] | None, typer.Option("--set", "-s", help="A parameter of the recipe: NAME=VALUE.")]
Scheduler = Annotated[str | None, typer.Option(help="Dask scheduler to use, such as tcp://host:8786.")]
Processes = Annotated[int | None, typer.Option(help="Worker processes to start here (default: one per core).")]
HERE = Path("warehouse")


class Form(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


@app.command()
def run(
    recipe: RecipeFile,
    warehouse: Warehouse = HERE,
    inputs: Inputs = None,
    parameters: Parameters = None,
    scheduler: Scheduler = None,
    processes: Processes = None,
    partitions_per_file: Annotated[
        int | None, typer.Option(help="Cut each file into so many partitions (default: by size); changes no result.")
    ] = None,
) -> None:
    """Run a recipe and publish a release."""
    from flows.launch import launch, say_done
    from flows.shipped import shipped
    from tasks.blanks import given_words

    release = launch(
        shipped(recipe),
        warehouse,
        given_words(inputs or [], parameters or []),
        scheduler=scheduler,
        processes=processes,
        partitions_per_file=partitions_per_file,
    )
    say_done(warehouse, release)


@app.command()
def preview(
    recipe: RecipeFile,
    inputs: Inputs = None,
    parameters: Parameters = None,
    documents: Annotated[int, typer.Option(help="Documents to look at, spread over the input files.")] = 2000,
    examples: Annotated[int, typer.Option(help="Documents to show on each side of a threshold.")] = 2,
) -> None:
    """Run the same steps on a sample; publish nothing; show what each rule would drop and who is near a threshold."""
    from flows.preview import preview as look
    from flows.shipped import shipped
    from tasks.blanks import given_words

    look(shipped(recipe), documents, examples, given_words(inputs or [], parameters or []))


@app.command()
def recipes(
    name: Annotated[str | None, typer.Argument(help="One of them, to read it whole.")] = None,
) -> None:
    """List the recipes that ship, one per published pipeline, with what each leaves open; or print one."""
    from flows.shipped import shipped, summaries

    if name is None:
        table(summaries())
    else:
        output.print(shipped(name).read_text(encoding="utf-8"), highlight=False, markup=False, soft_wrap=True)


@app.command()
def why(
    document: Annotated[str, typer.Argument(help="doc_id, the document's own id, or URL.")],
    warehouse: Warehouse = HERE,
) -> None:
    """Tell the life of one document: scores, every decision, its survivor, weight and place."""
    from flows.why import why as tell
    from tasks.ledger import Ledger

    with Ledger.published(warehouse) as ledger:
        tell(ledger, document)


@app.command()
def whatif(
    asked: Annotated[
        str | None,
        typer.Argument(help="A rule such as 'language_score >= 0.7', or a score; none: how rules and scores overlap."),
    ] = None,
    warehouse: Warehouse = HERE,
    rule: Annotated[str | None, typer.Option(help="The rule of the run to change, where several compare it.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Ask for a further rule, even if one compares the score.")] = False,
    examples: Annotated[int, typer.Option(help="Documents to show on each side of a threshold.", min=0)] = 3,
    chance: Annotated[
        bool, typer.Option("--chance", help="Show what a rule keeps beside as many documents drawn by chance.")
    ] = False,
    form: Annotated[Form, typer.Option("--format", "-f", help="How to print the rows.")] = Form.table,
) -> None:
    """Tell from stored scores what another threshold would keep, by source and domain; nothing is run again."""
    from flows.whatif import whatif as tell
    from tasks.ledger import Ledger

    with Ledger.published(warehouse) as ledger:
        tell(ledger, asked, rule=rule, new=new, examples=examples, form=form.value, chance=chance)


@app.command()
def review(
    file: Annotated[Path, typer.Argument(help="The sample, .csv or .jsonl: written, or with --read read back.")],
    warehouse: Warehouse = HERE,
    by: Annotated[
        str | None,
        typer.Option(help="Draw per value of this column, such as source; the default is a cascade's audit samples."),
    ] = None,
    documents: Annotated[int, typer.Option(help="Documents to draw per value.", min=1)] = 50,
    read: Annotated[bool, typer.Option("--read", help="Count the verdicts (keep or drop) in the file.")] = False,
    least: Annotated[
        float | None, typer.Option(help="Fail if agreement may be below this share (lower bound).", min=0, max=1)
    ] = None,
    confidence: Annotated[float, typer.Option(help="Confidence of the intervals.")] = 0.95,
) -> None:
    """Put documents before a person: write a sample with an empty column verdict, and count what was filled in."""
    from flows import review as sample
    from tasks.ledger import Ledger

    if read:
        sample.read(file, least=least, confidence=confidence)
        return
    with Ledger.published(warehouse) as ledger:
        count = sample.write(ledger, file, by=by, documents=documents)
    output.print(f"{count} documents in {file}: write keep or drop under verdict, then add --read", highlight=False)


@app.command()
def lexicon(
    target: Annotated[str, typer.Argument(help="Texts with the subject: a file, folder or pattern.")],
    background: Annotated[str, typer.Argument(help="Other texts to compare with.")],
    least: Annotated[float, typer.Option(help="Share of a term's occurrences in the target: more than this.")] = 0.4,
    log_odds: Annotated[float, typer.Option(help="Least log-odds of a term.")] = 0.0,
    fewest: Annotated[int, typer.Option(help="Least occurrences of a term in the target.", min=1)] = 5,
    longest: Annotated[int, typer.Option(help="Words in the longest term.", min=1)] = 3,
    file: Annotated[Path, typer.Option("--output", "-o", help="The list to write, for `term_hits`.")] = Path(
        "terms.txt"
    ),
    force: Annotated[bool, typer.Option(help="Write over a list that is there.")] = False,
    shown: Annotated[int, typer.Option(help="Terms to show, the most telling first.", min=0)] = 20,
) -> None:
    """Make a block list from examples: the terms that target texts have and others hardly."""
    from tasks.read._whole import whole
    from tasks.score._lexicon import lexicon as terms_of
    from tasks.score._lexicon import write_terms

    if file.exists() and not force:
        raise GristmillError(f"{file} is there already, perhaps revised by a person; name another with -o, or --force")
    texts = [whole(path)["text"].to_pylist() for path in (target, background)]
    found = terms_of(*texts, longest=longest, fewest=fewest, pos_ratio=least, log_odds=log_odds)
    write_terms(found, file)
    table(found.slice(0, shown).to_pylist(), f"{found.num_rows:,} terms in {file}")


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="Query; read from standard input if left out.")] = None,
    warehouse: Warehouse = HERE,
    form: Annotated[Form, typer.Option("--format", "-f", help="How to print the rows.")] = Form.table,
) -> None:
    """Ask the published ledger in SQL; without a query on a terminal, list its tables."""
    from tasks.ledger import Ledger

    asked = query if query is not None or sys.stdin.isatty() else sys.stdin.read()
    with Ledger.published(warehouse) as ledger:
        rows = ledger.ask(asked if asked and asked.strip() else TABLES)
    {Form.table: table, Form.csv: as_csv, Form.json: as_json}[form](rows)


TABLES = """
SELECT table_name AS name, comment AS meaning FROM duckdb_tables() WHERE NOT internal
UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY name
"""


@app.command()
def units(
    asked: Annotated[
        str | None,
        typer.Argument(
            metavar="KIND_OR_UNIT", help="read, score, annotate, edit, filter, order, pack, export ...; or one unit."
        ),
    ] = None,
    form: Annotated[Form, typer.Option("--format", "-f", help="How to print the rows.")] = Form.table,
) -> None:
    """List every unit with its settings, defaults, one-line meaning and source; or show one."""
    from flows.units import found, is_kind, listed, show

    named = found(asked)
    if form == Form.table and asked and not is_kind(asked):
        show(named)
    else:
        {Form.table: table, Form.csv: as_csv, Form.json: as_json}[form](listed(named))


@app.command()
def report(
    warehouse: Warehouse = HERE, file: Annotated[Path | None, typer.Option(help="Where to write it.")] = None
) -> None:
    """Write the report of the published release as one HTML file and say where it is."""
    from flows.report import report as html
    from tasks.ledger import Ledger

    if file is not None and not file.parent.is_dir():
        raise GristmillError(f"there is no folder {file.parent} to write the report to")
    with Ledger.published(warehouse) as ledger:
        target = file or warehouse / ledger.value("SELECT release FROM runs") / "report.html"
        if file is not None or not target.is_file():
            page = html(ledger)
            try:
                target.write_text(page, encoding="utf-8")
            except OSError as error:
                raise GristmillError(f"{target} cannot be written: {error.strerror}") from None
    output.print(str(target), highlight=False, soft_wrap=True)


@app.command()
def demo(warehouse: Warehouse = Path("demo"), processes: Processes = None) -> None:
    """Curate the texts of this Python installation: a release, a report and an answered why."""
    from flows.demo import demo as show

    show(warehouse, processes)


def main() -> None:
    """Run the command line; a mistake that a user can mend is one message and exit status 2."""
    try:
        app()
    except GristmillError as error:
        console.print(Text.assemble(("error:", "red"), f" {error}"), highlight=False, soft_wrap=True)
        sys.exit(2)
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main()
