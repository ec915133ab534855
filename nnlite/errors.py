"""The exceptions of nnlite. Each message says what was given, what was expected, and how to fix it."""


class ShapeError(ValueError):
    """Array shapes do not fit the operation."""


class DeviceError(RuntimeError):
    """Arrays live on different devices, or the device asked for is not there."""


class GraphError(RuntimeError):
    """The computation graph cannot do what was asked: no gradient to give, already freed, or changed in place."""


class NonFiniteError(FloatingPointError):
    """An operation made a NaN or an infinity out of finite inputs (raised inside `detect_anomaly`)."""


class CheckpointError(ValueError):
    """A checkpoint file cannot be read or written, or does not fit the module it is loaded into."""


class DataError(OSError):
    """A data set is not there, is not the one published, or cannot be downloaded."""


class GradcheckError(AssertionError):
    """An analytic gradient disagrees with the numerical one."""
