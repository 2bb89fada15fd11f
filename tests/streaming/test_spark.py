"""PySpark in local mode: partitions are summed up on workers, and only the sums travel."""

import shutil

import numpy as np
import pytest

import bayesmixed as bm

pyspark = pytest.importorskip("pyspark")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("java") is None, reason="Spark needs Java: apt-get install default-jre-headless"
    ),
    pytest.mark.filterwarnings("ignore"),  # of Spark itself
]


@pytest.fixture
def session(monkeypatch):
    import sys

    from pyspark.sql import SparkSession

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    found = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    yield found
    found.stop()


def test_a_spark_data_frame_gives_the_fit_in_memory(session, sleepstudy, tmp_path):
    table = sleepstudy.assign(Subject=sleepstudy["Subject"].astype(int))
    table.to_parquet(tmp_path / "table.parquet")
    frame = session.read.parquet(str(tmp_path / "table.parquet")).repartition(3)
    formula = "Reaction ~ scale(Days) + (Days | Subject)"
    model, want = bm.MixedModel(formula, frame), bm.MixedModel(formula, sleepstudy).reml()
    assert model.reml().criterion == pytest.approx(want.criterion, abs=1e-9)
    np.testing.assert_allclose(model.reml().beta, want.beta, rtol=1e-9)
