"""``python -m tests.public_api`` writes the public interface of this version, one line a name, with its arguments.

What users call is in that file: a change of it shows in the difference of a commit, and belongs in CHANGELOG.md.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import bayesmixed as bm

FILE = Path(__file__).parent / "reference" / f"public-api-{bm.__version__}.txt"


def interface() -> list[str]:
    """Every public name; of classes, what their instances have, without what pandas or dataclasses add."""
    lines = []
    for name in sorted(bm.__all__):
        value = getattr(bm, name)
        if inspect.isclass(value) and issubclass(value, BaseException):
            lines.append(f"{name}: {', '.join(base.__name__ for base in value.__bases__)}")
        elif inspect.isclass(value):
            lines.append(f"{name}{_arguments(value)}")
            lines += [f"{name}.{line}" for line in _members(value)]
        else:
            lines.append(f"{name}{_arguments(value)}" if callable(value) else name)
    return lines


def _members(cls: type) -> Iterator[str]:
    for name in sorted(dir(cls)):
        if name.startswith("_"):
            continue
        value = inspect.getattr_static(cls, name)
        callable_one = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        yield f"{name}{_arguments(callable_one)}" if inspect.isfunction(callable_one) else name
    for name in sorted(set(getattr(cls, "__dataclass_fields__", {})) - set(dir(cls))):
        yield name


def _arguments(value: object) -> str:
    """Names, kinds and defaults; types are mypy's business."""
    signature = inspect.signature(value)  # type: ignore[arg-type]
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


if __name__ == "__main__":
    FILE.write_text("\n".join(interface()) + "\n", encoding="utf-8")
