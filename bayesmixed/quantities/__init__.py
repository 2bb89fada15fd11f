"""What users ask for, by the labels of tables: parameters, variance components, shares of variance."""
