"""The benchmark of readers ahead runs; what it measures is not tested."""

import os
import re
import subprocess
import sys

import pytest

SMALL = "from benchmarks import data_workers as d; d.BATCH, d.BATCHES = 2, 2; d.main()"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_it_runs():
    ended = subprocess.run([sys.executable, "-c", SMALL, "--rounds", "1"], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["nothing", "DCGAN", "classifier"]
    assert all(re.search(r"no readers \d+, 1 reader \d+, 2 readers \d+; of all cores \d+$", line) for line in lines)
