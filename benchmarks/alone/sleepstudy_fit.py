"""``python -m benchmarks.alone.sleepstudy_fit``: where the time of `fit()` goes, in the first and in a later call.

The steps are those of `MixedModel.fit`, called one by one.
"""

import json
import os

import numpy as np

from benchmarks.alone import Clock, shortest

CALLS = 20_000


def main() -> None:
    """Print the seconds of each step, first and again, and what the kernel alone would take."""
    clock = Clock()
    import pandas  # noqa: F401

    clock.step("import pandas")
    import bayesmixed.model

    clock.step("import bayesmixed.model")
    import arviz  # noqa: F401
    import nutpie  # noqa: F401

    clock.step("import nutpie, arviz")
    import bayesmixed.engines.compiled
    import bayesmixed.reml  # noqa: F401

    clock.step("import bayesmixed.engines, bayesmixed.reml: the C callbacks from the disk")
    first, _ = _steps(1)
    runs = [_steps(seed) for seed in range(2, 9)]
    again = {name: float(np.median([steps[name] for steps, _ in runs])) for name in first}
    calls = float(np.median([count for _, count in runs]))
    call = _kernel_call()
    processors = min(4, os.cpu_count() or 1)
    kernel = {
        "kernel calls of the kept draws": calls,
        "one call, us": 1e6 * call,
        "processors used": float(processors),
        "kept draws' calls x time per call / processors, s": calls * call / processors,
        "twice that: as many tuning steps, s": 2.0 * calls * call / processors,
    }
    print(json.dumps({"imports": clock.steps, "first": first, "again": again, "kernel": kernel}))


def _steps(seed: int) -> tuple[dict[str, float], int]:
    import bayesmixed as bm
    from bayesmixed.density import Density
    from bayesmixed.engines.compiled import sample_compiled
    from bayesmixed.engines.settings import SamplerSettings
    from bayesmixed.sampling.draws import assemble
    from bayesmixed.sampling.sample import starting_point
    from bayesmixed.sampling.sampled import Sampled, kept_statistics
    from bayesmixed.seeds import seed_sequence

    table = bm.load_dataset("sleepstudy")
    settings = SamplerSettings(1000, 1000, 4, None, seed_sequence(seed), False, 0.9)
    clock = Clock()
    model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", table)
    clock.step("read, encode, check")
    model.coded  # noqa: B018 - made now, to know how long it takes
    clock.step("moments")
    density = Density(model.posterior)
    start = starting_point(model, density)
    clock.step("priors, REML for a starting point")
    density.value_and_gradient(start)
    clock.step("the compiled density, from the disk")
    x, statistics = sample_compiled(density, start, settings)
    clock.step("sampling")
    draws = density.constrain(x.reshape(-1, density.size))
    clock.step("conversion of draws")
    _exact(model, draws)
    clock.step("exact beta and b")
    sampled = Sampled(
        draws, x.shape[:2], kept_statistics(statistics), "compiled", "nutpie", 1000, target_accept=0.9, seconds=0.0
    )
    twice = shortest(lambda: _exact(model, draws), 1)
    clock.step("")
    assemble(model, sampled, settings.seed)  # draws beta and b once more
    clock.steps["DataTree"] = max(clock.step("DataTree") - twice, 0.0)
    del clock.steps[""]
    return clock.steps, int(statistics["n_steps"].sum())


def _exact(model, draws) -> None:
    beta = model.posterior.draw_beta(draws, np.random.default_rng(1))
    model.posterior.draw_effects(beta, draws, np.random.default_rng(2))


def _kernel_call() -> float:
    import bayesmixed as bm
    from bayesmixed.density import Density
    from benchmarks.alone.kernel import kernel_timer

    model = bm.MixedModel("Reaction ~ Days + (Days | Subject)", bm.load_dataset("sleepstudy"))
    density = Density(model.posterior)
    return kernel_timer(density, density.unconstrain(np.array([25.0, 6.0]), 25.0), CALLS)()


if __name__ == "__main__":
    main()
