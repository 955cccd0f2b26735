"""`publish report --data` and `--export`: millions of touches in Parquet (or CSV) files, counted by DuckDB."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byline.attribution.models import MODELS
from byline.cli.common import App, emit_json, progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from byline.attribution.credit import By, Cell, Key
    from byline.crm._opening import Material as Leads
    from byline.errors import BylineError

MEMORY = "800MB"  # of DuckDB's own; beyond, it works on disk
FILES = ("touches", "conversions")


def count(app: App, folder: Path, by: str, name: str, window: int, *, as_json: bool) -> None:
    """Credit of what the files of the folder hold, in the fixed shape; nothing of the CRM is looked at."""
    from byline import content, ledger
    from byline.attribution import scale
    from byline.attribution.touches import Directory

    settings = app.settings()
    sent = ledger.read_snapshot(settings, app.clock, app.environment).records
    accounts = {channel: tuple(block.accounts) for channel, block in settings.channels.items()}
    directory = Directory(content.read(settings).posts, accounts, sent, settings.links.values())
    connection, tables = _open(folder, settings.state)
    import duckdb

    try:
        cells = scale.table(
            *tables,
            directory,
            MODELS[name],
            by,  # type: ignore[arg-type]  # click lets through what BY holds alone
            window_days=window,
            run=lambda expression: connection.to_pyarrow(expression).to_pylist(),
            keep=lambda found: connection.create_table("steps", found, temp=True),
        )
    except duckdb.Error as error:
        raise _unreadable(folder, error) from None
    finally:
        connection.disconnect()
    found = _json(cells, name, by, window)  # type: ignore[arg-type]  # as above
    if as_json:
        emit_json(found)
        return
    from byline.report.words import UNKNOWN, plain

    click.echo(f"Counted by {MODELS[name].title}: {MODELS[name].meaning}\n")
    click.echo(f"{by:<36} {'enquiries':>12} {'orders':>12}  revenue")
    for row in [*found["rows"], {"key": UNKNOWN, **found["unattributed"]}, {"key": "all", **found["total"]}]:
        money = ", ".join(f"{currency} {value:,.2f}" for currency, value in row["revenue"].items())
        click.echo(f"{plain(row['key'], 36):<36} {row['leads']:>12,.2f} {row['orders']:>12,.2f}  {money}")


def write(app: App, crm: Leads, folder: Path, people: str) -> None:
    """Touches and conversions of our own as Parquet; persons as numbers that say nothing outside these files."""
    import ibis

    from byline.attribution import data

    touches, conversions = data.rows(crm.leads, crm.deals, people=people)  # type: ignore[arg-type]  # click's choice
    known: dict[str, str] = {}
    for row in (*touches, *conversions):
        row["person"] = known.setdefault(row["person"], f"p{len(known) + 1}")
    connection = _connect(app.settings().state)
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, schema in (
        ("touches", touches, data.touches_schema()),
        ("conversions", conversions, data.conversions_schema()),
    ):
        connection.to_parquet(ibis.memtable(rows, schema=schema), folder / f"{name}.parquet")
    connection.disconnect()
    progress(f"Written: {len(touches)} touches and {len(conversions)} conversions in {folder}")


def _connect(state: Path) -> Any:
    from byline.errors import UsageError

    try:
        import ibis

        connection = ibis.duckdb.connect()
    except ImportError as error:
        raise UsageError(
            f"this needs a package that is not installed: {error.name or 'ibis'}",
            hint="pip install 'ibis-framework[duckdb]>=12'",
        ) from None
    connection.raw_sql(f"SET memory_limit='{MEMORY}'")
    connection.raw_sql("SET preserve_insertion_order=false")
    spill = state / "cache" / "duckdb"
    spill.mkdir(parents=True, exist_ok=True)
    connection.raw_sql(f"SET temp_directory='{str(spill).replace(chr(39), chr(39) * 2)}'")
    return connection


def _open(folder: Path, state: Path) -> tuple[Any, tuple[Any, Any]]:
    """DuckDB with both tables, each one file or several (`touches*.parquet`, or `.csv`); a missing column is told."""
    import duckdb

    from byline.attribution import data
    from byline.errors import UsageError

    connection = _connect(state)
    tables = []
    for name, wanted in zip(FILES, (data.TOUCHES, data.CONVERSIONS), strict=True):
        files, sheets = sorted(folder.glob(f"{name}*.parquet")), sorted(folder.glob(f"{name}*.csv"))
        if not files and not sheets:
            raise UsageError(
                f"{folder} holds no {name}.parquet and no {name}.csv",
                hint="`publish report --export DIR` writes both files; `publish manual scale` lists their columns",
            )
        if files and sheets:
            raise UsageError(
                f"{folder} holds {files[0].name} and {sheets[0].name}: which of them counts?",
                hint="leave the files of one kind in the folder",
            )
        label = f"{name}_{_mark(folder)}"
        try:
            if files:
                table = connection.read_parquet([str(file) for file in files], table_name=label)
            else:
                table = _sheets(connection, sheets, label, wanted)
        except duckdb.Error as error:
            raise _unreadable(folder, error) from None
        missing = [column for column in wanted if column not in table.columns]
        if missing:
            raise UsageError(
                f"{[*files, *sheets][0]} lacks the column {', '.join(f'`{column}`' for column in missing)}",
                hint=f"its columns must be {', '.join(wanted)}",
            )
        tables.append(table.select(**{column: table[column].cast(kind) for column, kind in wanted.items()}))
    return connection, (tables[0], tables[1])


def _sheets(connection: Any, sheets: list[Path], label: str, wanted: Mapping[str, str]) -> Any:
    """CSV with a first line of names, in any order; every column is read as what it is, never guessed."""
    kinds = {"string": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE"}
    with sheets[0].open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline()
    separator = max(",;\t", key=first.count)
    there = {cell.strip().strip('"') for cell in first.split(separator)}
    table = connection.read_csv(
        [str(file) for file in sheets],
        table_name=label,
        header=True,
        delim=separator,
        types={column: kinds[kind] for column, kind in wanted.items() if column in there},
    )
    texts = [column for column, kind in wanted.items() if kind == "string" and column in table.columns]
    return table.mutate(**{column: table[column].fill_null("") for column in texts})


def _unreadable(folder: Path, error: Exception) -> BylineError:
    """What the engine says, without the line of the file that it repeats."""
    from byline.errors import UsageError

    said = str(error).splitlines()[0][:200]
    return UsageError(
        f"the files in {folder} cannot be counted: {said}",
        hint="compare their columns with the lists of `publish manual scale`: times are whole microseconds, money has a point",
    )


def _mark(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode()).hexdigest()[:8]


def _json(cells: dict[Key, Cell], name: str, by: By, window: int) -> dict[str, Any]:
    from byline.attribution.credit import Cell, cents
    from byline.attribution.intervals import of_all

    whole = sum((cell.leads for cell in cells.values()), Fraction(0))
    currencies = sorted({currency for cell in cells.values() for currency in cell.revenue})
    money = {
        currency: cents(
            {key: cell.revenue.get(currency, Fraction(0)) for key, cell in {None: Cell(), **cells}.items()}
        )
        for currency in currencies
    }

    def fields(key: Key, cell: Cell) -> dict[str, Any]:
        low, high = of_all(float(cell.leads), float(whole))
        sums = {currency: float(money[currency][key]) for currency in currencies if money[currency].get(key)}
        return {
            **{"leads": float(cell.leads), "leads_low": low, "leads_high": high},
            **{"opportunities": float(cell.opportunities), "orders": float(cell.orders), "revenue": sums},
            **{"cost": {}, "clicks": None},
        }

    total = {
        **{"leads": float(whole), "leads_low": float(whole), "leads_high": float(whole)},
        "opportunities": float(sum((cell.opportunities for cell in cells.values()), Fraction(0))),
        "orders": float(sum((cell.orders for cell in cells.values()), Fraction(0))),
        "revenue": {currency: float(sum(money[currency].values())) for currency in currencies},
        **{"cost": {}, "clicks": None},
    }
    named = sorted((key for key in cells if key is not None), key=lambda key: (-cells[key].leads, key))
    return {
        **{"model": name, "by": by, "window_days": window},
        "rows": [{"key": key, **fields(key, cells[key])} for key in named],
        "unattributed": fields(None, cells.get(None, Cell())),
        "total": total,
    }
