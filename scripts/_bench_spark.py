"""`publish report --data DIR --by author --model linear --json` with Spark in the place of DuckDB, in a site's folder."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import ibis

from byline import content
from byline.attribution import scale
from byline.attribution.models import MODELS
from byline.attribution.touches import Directory
from byline.cli._report_data import FILES, _json
from byline.cli.common import emit_json
from byline.settings import load
from byline.testing import spark


def main(folder: Path) -> None:
    """Count with two workers on this machine."""
    settings = load(Path("mkdocs.yml"), {})
    accounts = {channel: tuple(block.accounts) for channel, block in settings.channels.items()}
    directory = Directory(content.read(settings).posts, accounts)
    with tempfile.TemporaryDirectory(prefix="byline-bench-spark-") as warehouse:
        session = spark.session(Path(warehouse))
        try:
            connection: Any = ibis.pyspark.connect(session)
            tables = [
                connection.read_parquet(str(folder / f"{name}.parquet"), table_name=name) for name in FILES
            ]
            cells = scale.table(
                tables[0],
                tables[1],
                directory,
                MODELS["linear"],
                "author",
                window_days=365,
                run=lambda expression: connection.to_pyarrow(expression).to_pylist(),
            )
            emit_json(_json(cells, "linear", "author", 365))
        finally:
            session.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
