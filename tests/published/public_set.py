"""The 10,000 published paths over twelve channels, through the command. Run by `scripts/test --golden`.

The set comes from the package mta 0.0.9 (MIT). The numbers were computed from it independently of this program;
first, last and linear are also what ChannelAttribution 2.2.5 gives.
"""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from byline.attribution import journeys
from byline.attribution.models import MODELS, Flow, removal_effects
from byline.cli import main
from byline.cli.common import App

FOLDER = os.environ.get("BYLINE_GOLDEN", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="run it by scripts/test --golden")

MODELS_SHOWN = ("first", "last", "linear", "position", "decay", "shapley", "effect", "markov")
TABLE = """
alpha 6308 8447 7574.7186 7444.8238 8046.6281 7627.9440 0.558399 5344.9477
beta 2831 989 2083.5001 1969.7662 1599.3883 1982.7393 0.264039 2527.3522
delta 1 5 1.7250 2.5867 2.9558 2.2929 0.000482 4.6136
epsilon 99 531 272.1704 301.0502 402.6826 374.6774 0.062639 599.5707
eta 3164 4167 3539.9512 3618.7961 3796.2519 3613.6560 0.349026 3340.8474
gamma 165 92 121.0416 125.2409 105.8855 138.1857 0.017880 171.1454
iota 4606 3355 3857.0962 3944.9482 3522.4508 3505.0440 0.405835 3884.6147
kappa 74 230 137.9641 147.4596 186.4278 159.0571 0.028663 274.3633
lambda 902 1207 1035.2576 1046.9039 1126.5053 987.7821 0.134022 1282.8472
mi 2 2 2.2222 2.0571 2.5010 2.6667 0.000180 1.7224
theta 1606 653 1022.8014 1092.7445 864.8724 1190.9631 0.206010 1971.9129
zeta 27 107 136.5515 88.6229 128.4505 199.9917 0.039811 381.0626
"""
GOLDEN = {
    line.split()[0]: dict(zip(MODELS_SHOWN, map(float, line.split()[1:]), strict=True))
    for line in TABLE.split("\n")
    if line
}
HALF = 5e-5  # the table has four decimals


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("golden") / "data.csv"
    file.write_bytes(gzip.decompress((Path(FOLDER) / "mta" / "data" / "data.csv.gz").read_bytes()))
    return file


def rows(file: Path, model: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    with pytest.raises(SystemExit) as stopped:
        main(["report", "--journeys", str(file), "--model", model, "--json"], app=App(environment={}))
    assert stopped.value.code == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("model", [name for name in MODELS_SHOWN if name != "effect"])
def test_the_command_reproduces_every_column(
    public: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = rows(public, model, capsys)
    assert {row["key"] for row in found["rows"]} == set(GOLDEN)
    for row in found["rows"]:
        wanted = GOLDEN[row["key"]][model]
        exact = model in ("first", "last")
        assert row["leads"] == pytest.approx(wanted, abs=1e-9 if exact else HALF, rel=0)
    assert sum(row["leads"] for row in found["rows"]) == pytest.approx(19_785, abs=1e-9)
    assert sum(row["revenue"] for row in found["rows"]) == pytest.approx(74_802.97159, abs=5e-6)
    assert found["total"]["leads"] == 19_785
    assert found["unattributed"]["leads"] == 0


def test_removal_effects_and_the_chance_of_a_conversion(public: Path) -> None:
    paths = journeys.read(public.read_text(encoding="utf-8"), public.name)
    assert len(paths) == 10_000
    assert sum(path.others for path in paths) == 68_602
    effects, whole = removal_effects(
        [Flow(keys=path.steps, conversions=path.conversions, others=path.others) for path in paths]
    )
    assert whole == pytest.approx(19_785 / 88_387, abs=1e-15)
    for key, effect in effects.items():
        assert effect == pytest.approx(GOLDEN[key]["effect"], abs=5e-7)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_model_shares_all_of_it(public: Path, model: str) -> None:
    paths = journeys.read(public.read_text(encoding="utf-8"), public.name)
    found = journeys.credit(paths, MODELS[model])
    assert sum(credit.leads for credit in found.values()) == 19_785
    assert sum(credit.revenue for credit in found.values()) == sum(path.value for path in paths)
