"""Values -> what JSON knows, and back."""

from typing import Any

import numpy as np

from bayesmixed.errors import StorageError


def plain(value: Any) -> Any:
    """NumPy and tuples -> what JSON knows, tagged where it must come back."""
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.str}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, dict):
        return {"items": [[plain(key), plain(one)] for key, one in value.items()]}
    raise StorageError(f"a transformation holds a {type(value).__name__}, which cannot be saved")


def restored(value: Any) -> Any:
    """What was tagged, as it was."""
    if isinstance(value, dict) and set(value) == {"array", "dtype"}:
        return np.array(value["array"], dtype=value["dtype"])
    if isinstance(value, dict) and set(value) == {"items"}:
        return {key: restored(one) for key, one in value["items"]}
    return value
