"""python -m stylize check DIR: is a paired dataset sound?"""

import argparse

from ..check import check_dataset
from ..console import counted, one_line, path_argument
from ..contact_sheet import draw_contact_sheet
from ..files import add_overwrite, check_place, check_target, real_path
from ..formats import WRITABLE
from ..layouts import Report

DESCRIPTION = """Read every pair of a dataset, made here or downloaded: pictures side by side in DIR/<split> or DIR, or
photos and cartoons of equal names in DIR/A/<split> and DIR/B/<split>, in DIR/<split>/A and DIR/<split>/B, or in
DIR/<split>A and DIR/<split>B. Report what is wrong with names, sizes, direction and splits, and against the manifest,
and draw a contact sheet. Exits with 1 if something is wrong; hints alone do not count."""
COMMAND = "stylize check"
EXAMPLES = 5  # named for each kind of finding


def add(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("check", help="look for faults in a paired dataset", description=DESCRIPTION)
    parser.add_argument("folder", metavar="DIR", type=path_argument, help="the dataset")
    parser.add_argument(
        "--sheet",
        metavar="PATH",
        type=path_argument,
        help="the contact sheet (default: next to DIR, NAME-contact-sheet.png)",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one for 16 pairs)")
    add_overwrite(parser)
    parser.set_defaults(run=run, after_interrupt="nothing was written")


def run(options: argparse.Namespace) -> int:
    """Check a dataset, print what was found, draw the sheet."""
    folder = real_path(options.folder)
    sheet = options.sheet or folder.with_name(f"{folder.name}-contact-sheet.png")
    if real_path(sheet).is_relative_to(folder):
        raise ValueError(f"{sheet} lies in the dataset, where a loader might read it; put the sheet elsewhere")
    if folder.is_dir():  # if not, check_dataset reports it
        check_place(sheet, WRITABLE)
        check_target(sheet, COMMAND, overwrite=options.overwrite)
    report = check_dataset(options.folder, options.workers)
    for line in describe(report):
        print(one_line(line))
    if report.pairs:
        draw_contact_sheet(report, sheet, COMMAND)
        print(one_line(f"contact sheet: {sheet}"))
    return 1 if report.findings else 0


def describe(report: Report) -> list[str]:
    """The report in lines."""
    lines = [f"{report.folder}: {report.layout}, {'with' if report.made_here else 'without'} a manifest"]
    for split, sizes in report.splits.items():
        pairs = sum(pair.split == split for pair in report.pairs)
        shown = ", ".join(sizes[:3]) + (f" and {len(sizes) - 3} other sizes" if len(sizes) > 3 else "")
        lines.append(f"  {split or '(all)'}: {counted(pairs, 'pair')}{f' of {shown}' if sizes else ''}")
    if report.direction:
        lines.append(f"  {report.direction}")
    for title, kinds in (("wrong", report.findings), ("hint", report.hints)):
        for what, which in kinds.items():
            more = f", and {len(which) - EXAMPLES} more" if len(which) > EXAMPLES else ""
            lines.append(f"{title}: {what}: {', '.join(which[:EXAMPLES])}{more}")
    count = sum(map(len, report.findings.values()))
    return [*lines, counted(count, "fault") if count else "nothing is wrong"]
