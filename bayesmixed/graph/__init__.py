"""PyMC graphs of one model: with b (and beta) integrated out, and with both explicit."""

from bayesmixed.graph.hierarchical import hierarchical_graph
from bayesmixed.graph.marginal import marginal_graph, sampling_graph

__all__ = ["hierarchical_graph", "marginal_graph", "sampling_graph"]
