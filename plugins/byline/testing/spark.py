"""A Spark of this machine alone, as the tests of the large report and its measurements use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def session(warehouse: Path) -> Any:
    """A `SparkSession` with two workers, times in UTC, on the loopback address only, tables kept below `warehouse`.

    Needs the package `pyspark` and a Java, 17 or newer; the caller stops it.
    """
    from pyspark.sql import SparkSession  # type: ignore[import-not-found,unused-ignore]

    return (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.warehouse.dir", str(warehouse))
        .getOrCreate()
    )
