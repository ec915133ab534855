"""The command line: `python -m demos.look_inside`."""

from __future__ import annotations

from demos.shared.digits import add_data
from demos.shared.options import add_out
from demos.shared.program import UserError, run_program
from demos.shared.run_folder import claim_folder, write_figures
from stylize.console import Parser, path_argument


def main() -> int:
    parser = Parser(
        prog="python -m demos.look_inside",
        description="Look inside trained networks: their layers, filters and activation maps, what they look at, what "
        "excites their units, and what is alike to them.",
    )
    parser.add_argument("--network", choices=("lenet5", "cartoon", "both"), default="both", help="(%(default)s)")
    parser.add_argument(
        "--model", type=path_argument, help="weights of the one network that is asked for (default: the project's)"
    )
    add_out(parser, "look_inside", "pictures")
    add_data(parser)
    options = parser.parse_args()
    if options.model and options.network == "both":
        raise UserError("--model is of one network: add --network lenet5 or --network cartoon")
    # Imported here so that a missing system library of OpenCV is reported in one line, by run_program().
    from demos.look_inside import cartoon, digits

    looks = {"lenet5": lambda out, model: digits.look(out, model, options.data), "cartoon": cartoon.look}
    figures = {}
    with claim_folder(options.out, "demos.look_inside"):
        for name, look in looks.items():
            if options.network in (name, "both"):
                figures[name] = look(options.out / name, options.model)
                print(f"{name}: look at the pictures in {options.out / name}; its layers are in layers.txt there.")
        write_figures(figures, options.out)
    print(report(figures))
    return 0


def report(figures: dict) -> str:
    """What was measured, in sentences."""
    lines = []
    if "lenet5" in figures:
        found = figures["lenet5"]
        (precision,) = (found[name] for name in found if name.startswith("precision"))
        lines.append(
            f"Of the ten nearest to a held-out digit {precision['features']:.1%} are of its class by the features of "
            f"F6, {precision['pixels']:.1%} by pixels."
        )
        lines.append(
            "The images that maximise a class are taken for it with probabilities from "
            f"{min(found['probability_of_maximised']):.4f} up."
        )
    if "cartoon" in figures:
        found = figures["cartoon"]
        lines.append(
            f"Half of what the generator's output at a place depends on lies within {found['radius']:.0f} pixels of it."
        )
        lines.append(
            f"Of the five crops nearest to one, {found['same_photo']['features']:.0%} are from its photo by the "
            f"deepest features, {found['same_photo']['pixels']:.0%} by pixels."
        )
    return "\n".join(lines)


if __name__ == "__main__":
    run_program("look_inside", main)
