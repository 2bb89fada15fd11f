"""Dask: partitions are summed up on workers, and only the sums travel."""

import numpy as np
import pandas as pd
import pytest

import bayesmixed as bm

dask = pytest.importorskip("dask")


@pytest.fixture
def parts(sleepstudy):
    import dask.dataframe as dd

    return dd.from_pandas(sleepstudy.assign(Subject=sleepstudy["Subject"].astype(int)), npartitions=5)


def test_a_dask_data_frame_gives_the_fit_in_memory(parts, sleepstudy):
    formula = "Reaction ~ scale(Days) + (Days | Subject)"
    with dask.config.set(scheduler="synchronous"):
        model = bm.MixedModel(formula, parts)
    want = bm.MixedModel(formula, sleepstudy).reml()
    assert model.reml().criterion == pytest.approx(want.criterion, abs=1e-9)
    np.testing.assert_allclose(model.reml().beta, want.beta, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_worker_that_is_killed_in_the_middle_of_a_pass(tmp_path):
    import dask.dataframe as dd
    from distributed import Client, LocalCluster

    rng = np.random.default_rng(2)
    g, t = rng.integers(0, 40, 4000), rng.uniform(0, 9, 4000)
    table = pd.DataFrame({"y": rng.normal(size=40)[g] + t + rng.normal(size=4000), "t": t, "g": g})
    marker = str(tmp_path / "killed")

    def deadly(part):
        import os
        import signal

        if not os.path.exists(marker) and len(part):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return part

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        source = dd.from_pandas(table, npartitions=8).map_partitions(deadly, meta=table.iloc[:0])
        model = bm.MixedModel("y ~ t + (t | g)", source)
    import os

    assert os.path.exists(marker)
    want = bm.MixedModel("y ~ t + (t | g)", table).reml()
    assert model.reml().criterion == pytest.approx(want.criterion, abs=1e-9)
