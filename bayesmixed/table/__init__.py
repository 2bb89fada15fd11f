"""Tables: files -> data frame, and any data frame -> the complete rows of the columns in use."""

from bayesmixed.table.frame import model_frame
from bayesmixed.table.missing import Missing
from bayesmixed.table.read import read_table

__all__ = ["Missing", "model_frame", "read_table"]
