"""The memory of a side as plain data, without pickle, and a side from it."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from formulae.categorical import ENCODINGS, ContrastMatrix
from formulae.environment import Environment
from formulae.model_description import model_description
from formulae.terms.terms import Intercept
from formulae.terms.terms import Term as FormulaeTerm
from formulae.transforms import TRANSFORMS

from bayesmixed.encoding.interpreter import calls
from bayesmixed.encoding.plain import plain, restored
from bayesmixed.encoding.side import Side
from bayesmixed.encoding.term import Term
from bayesmixed.errors import StorageError


def side_state(side: Side) -> dict[str, Any]:
    """All that a side has learnt."""
    return {
        "source": side.source,
        "columns": list(side.columns),
        "terms": [
            {
                "name": term.name,
                "coords": None if term.coords is None else list(term.coords),
                "components": [_component_state(one) for one in getattr(learnt, "components", ())],
            }
            for term, learnt in zip(side.terms, side.model, strict=True)
        ],
    }


def _component_state(component: Any) -> dict[str, Any]:
    contrast = component.contrast_matrix
    return {
        "name": component.name,
        "kind": component.kind,
        "levels": plain(component.levels),
        "contrast": None if contrast is None else plain(contrast.matrix),
        "contrast_labels": None if contrast is None else list(contrast.labels),
        "transforms": [
            None if call.stateful_transform is None else plain(vars(call.stateful_transform))
            for call in calls(getattr(component, "call", None))
        ],
    }


def restored_side(state: Mapping[str, Any], environment: Environment) -> Side:
    """formulae's terms again, their memory filled in instead of learnt."""
    components = {
        component.name: component
        for term in model_description(state["source"]).common_terms
        for component in getattr(term, "components", ())
    }
    model = tuple(_restored_term(term["components"], components, environment) for term in state["terms"])
    terms = tuple(
        Term(term["name"], None if term["coords"] is None else tuple(term["coords"])) for term in state["terms"]
    )
    return Side(state["source"], terms, tuple(state["columns"]), model)


def _restored_term(states: list[Any], components: Mapping[str, Any], environment: Environment) -> Any:
    if not states:
        return Intercept()
    learnt = [_restored_component(deepcopy(components[one["name"]]), one, environment) for one in states]
    term = FormulaeTerm(*learnt)
    term.kind = learnt[0].kind if len(learnt) == 1 else "interaction"
    return term


def _restored_component(component: Any, state: Mapping[str, Any], environment: Environment) -> Any:
    component.kind = state["kind"]
    component.levels = state["levels"]
    if state["contrast"] is not None:
        component.contrast_matrix = ContrastMatrix(restored(state["contrast"]), state["contrast_labels"])
    if hasattr(component, "call"):
        # as formulae's Call.set_type does
        known = Environment([{**TRANSFORMS, **ENCODINGS}])
        component.env = known.with_outer_namespace(environment.namespace)
        for call, memory in zip(calls(component.call), state["transforms"], strict=True):
            if memory is not None:
                call.stateful_transform = component.env.namespace[call.callee]()
                for name, value in memory.items():
                    if name.startswith("__"):
                        raise StorageError(f"a stored transformation has no memory called {name!r}")
                    setattr(call.stateful_transform, name, restored(value))
    return component
