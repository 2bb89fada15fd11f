"""Simulation-based calibration: is the posterior of data drawn from the model right about what drew them?"""

from bayesmixed.calibration.result import Calibration
from bayesmixed.calibration.run import calibrate

__all__ = ["Calibration", "calibrate"]
