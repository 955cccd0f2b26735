"""The same expressions on Spark in local mode, a distributed engine, against the built-in way. Run by `scripts/test --spark`.

It also prints how long a hundred thousand touches take there and how much memory the Java process held, beside DuckDB.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

FOLDER = os.environ.get("BYLINE_SPARK", "")
pytestmark = [
    pytest.mark.skipif(not FOLDER, reason="run it by scripts/test --spark"),
    pytest.mark.filterwarnings("ignore"),
]

import ibis  # noqa: E402

from byline.attribution import data, scale  # noqa: E402
from byline.attribution.credit import conversions, table  # noqa: E402
from byline.attribution.models import MODELS  # noqa: E402
from byline.testing import spark as spark_here  # noqa: E402
from byline.testing.truth import directory  # noqa: E402
from byline.testing.year import Market, Year, year  # noqa: E402

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "attribution"))


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    session = spark_here.session(tmp_path_factory.mktemp("warehouse"))
    yield ibis.pyspark.connect(session)
    session.stop()


@pytest.fixture(scope="module")
def made() -> Year:
    return year(5, Market(people=400, days=60, visits=3.0, lost=0.1))


@pytest.fixture(scope="module")
def files(made: Year, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flat")
    touches, converted = data.rows(made.leads, made.deals)
    duck = ibis.duckdb.connect()
    duck.to_parquet(ibis.memtable(touches, schema=data.touches_schema()), folder / "touches.parquet")
    duck.to_parquet(
        ibis.memtable(converted, schema=data.conversions_schema()), folder / "conversions.parquet"
    )
    duck.disconnect()
    return folder


def counted(connection: Any, folder: Path, made: Year, model: str) -> Any:
    def run(expression: Any) -> Iterable[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = connection.to_pyarrow(expression).to_pylist()
        return found

    tables = [
        connection.read_parquet(
            str(folder / f"{name}.parquet"), table_name=f"{name}_{folder.name.replace('-', '_')}"
        )
        for name in ("touches", "conversions")
    ]
    return scale.table(*tables, directory(made), MODELS[model], "post", window_days=365, run=run)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_spark_counts_what_we_count(spark: Any, files: Path, made: Year, model: str) -> None:
    from test_scale import same

    found = conversions(made.leads, made.deals, directory(made), timedelta(days=365))
    assert same(counted(spark, files, made, model), table(found, MODELS[model], "post")) < 1e-9


def test_time_and_memory(spark: Any, made: Year, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    touches = int(os.environ.get("BYLINE_SPARK_TOUCHES", "100000"))
    maker = ROOT / "scripts" / "_bench_touches.py"
    subprocess.run([sys.executable, str(maker), str(tmp_path), str(touches)], check=True)
    rows = []
    for name, connection in (("spark", spark), ("duckdb", ibis.duckdb.connect())):
        began = time.perf_counter()
        cells = counted(connection, tmp_path, made, "linear")
        rows.append((name, time.perf_counter() - began, sum(cell.leads for cell in cells.values())))
    assert abs(rows[0][2] - rows[1][2]) < 1e-6
    with capsys.disabled():
        print(f"\n{touches:,} touches, linear, by post")  # noqa: T201 - this is what the lane is for
        for name, seconds, _ in rows:
            print(f"  {name:<8} {seconds:6.1f} s   {_memory(name):6.0f} MB")  # noqa: T201


def _memory(engine: str) -> float:
    """The most megabytes: of this process, or of the Java process that it started."""
    pids = [os.getpid()]
    if engine == "spark":
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        pids = [pid for pid in map(int, children) if "java" in Path(f"/proc/{pid}/comm").read_text()]
    most = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                most = max(most, int(line.split()[1]))
    return most / 1024
