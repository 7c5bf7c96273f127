"""What a process that serves pages does once it has loaded everything."""

import gc

_THRESHOLDS = (20_000, 20, 50)


def settle() -> None:
    """Keep what is loaded out of the garbage collector, and let it run less often.

    A page makes tens of thousands of objects that die with it. With the interpreter's thresholds a
    page in a few dozen pays for a walk over every module, model and template: several times its
    own work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
