"""Every package with programs imports this first, so that Ctrl-C during the other imports shows no traceback.

Until console.run takes over, Ctrl-C ends the process at once and silently. (An exception in the middle of an import
prints a long traceback, and NumPy and OpenCV turn it into errors of their own.) Nothing changes when the package is
imported as a library: only `python -m` sets sys.argv[0] to "-m" while it looks for the program. Nothing changes either
if Ctrl-C is ignored, as in a background job.
"""

import signal
import sys

if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
