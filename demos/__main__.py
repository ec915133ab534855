"""`python -m demos` lists the programs here."""

# Name, what it shows, and how long it takes on two CPU cores.
DEMOS = [
    ("cartoonize", "photographs become cartoons: Pix2Pix on pairs drawn with OpenCV", "6 min"),
    ("classify", "LeNet-5 reads handwritten digits; which it takes for others", "1 min"),
]


def main() -> None:
    width = max(len(name) for name, _, _ in DEMOS)
    for name, what, time in DEMOS:
        print(f"python -m demos.{name:{width}}  {time:>6}  {what}")
    print("Each runs without arguments and writes into runs/NAME; --help tells its options.")


if __name__ == "__main__":
    main()
