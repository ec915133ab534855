"""totals.py WITHOUT.xml WITH.xml: do all tests that were skipped for want of PyTorch pass with it? Then count all."""

import sys
from xml.etree import ElementTree

WANT = "PyTorch is not installed"


def tests(report):
    """{name: why it was skipped, or None}; a report is only written here when nothing failed"""
    cases = ElementTree.parse(report).iter("testcase")
    skipped = {(case.get("classname"), case.get("name")): case.find("skipped") for case in cases}
    return {name: None if mark is None else mark.get("message", "") for name, mark in skipped.items()}


without, with_pytorch = map(tests, sys.argv[1:])
waiting = {name for name, reason in without.items() if reason and WANT in reason}
left = [name for name in waiting if name not in with_pytorch or WANT in (with_pytorch[name] or "")]
if left or not waiting:
    sys.exit(f"{len(waiting)} tests were skipped without PyTorch; with it, these were not run: {sorted(left)}")
print(f"{len(waiting)} tests wanted PyTorch, {len(with_pytorch)} ran with it")
passed = {name for report in (without, with_pytorch) for name, reason in report.items() if reason is None}
print(f"{len(passed)} passed, 0 failed")
