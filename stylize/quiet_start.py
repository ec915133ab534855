"""The first import of every package here that holds programs: Ctrl-C while Python imports the rest is no traceback.

Until console.run takes over, Ctrl-C ends the process at once, without a word. (An exception in the middle of an import
would be a long traceback, and NumPy and OpenCV turn it into errors of their own.) Nothing changes where the package is
imported as a library: only `python -m` sets sys.argv[0] to "-m", while it looks for the program. Nor does anything
where Ctrl-C is ignored, as in a background job.
"""

import signal
import sys

if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
