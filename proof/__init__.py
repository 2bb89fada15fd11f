"""Studies that show what the package claims: coverage of intervals, calibration, agreement with others."""
