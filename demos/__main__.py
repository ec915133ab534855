"""`python -m demos` lists the programs here."""

# Name, what it shows, and how long it takes on two CPU cores.
DEMOS = [
    ("cartoonize", "photographs become cartoons: Pix2Pix on pairs drawn with OpenCV", "6 min"),
    ("ablation", "Pix2Pix with its L1 term alone, its adversarial term alone, and both", "3 min"),
    ("classify", "LeNet-5 reads handwritten digits; which it takes for others", "1 min"),
    ("autoencoder", "five kinds of autoencoder: digits put back, and the plane of their codes", "1 min"),
    ("denoise", "an autoencoder takes noise off digits; decibels gained", "1 min"),
    ("inpaint", "an autoencoder completes digits behind a grey square", "1 min"),
    ("anomaly", "autoencoders that know one digit each tell it from the nine others", "1 min"),
    ("search", "like digits found by codes of 32 numbers, by components and by pixels", "1 min"),
    ("compress", "digits in 2, 8 and 32 numbers, by autoencoders and by principal components", "2 min"),
    ("features", "a linear classifier on codes, taught by 100 labels", "1 min"),
    ("vae", "a variational autoencoder: digits put back, digits between two digits, digits made up", "2 min"),
    ("latent", "codes of two numbers: the plane of an autoencoder beside that of a variational one", "2 min"),
    ("gan", "a GAN makes up digits; with --conditional, the digit asked for", "3 min"),
    ("dcgan", "a GAN of convolutions on digits, or on a folder of images: --data", "2 min"),
    ("wgan", "a Wasserstein GAN with clipped weights makes up digits", "3 min"),
    ("duel", "two GANs swap discriminators: whose digits deceive the other's?", "1 min"),
]


def main() -> None:
    width = max(len(name) for name, _, _ in DEMOS)
    for name, what, time in DEMOS:
        print(f"python -m demos.{name:{width}}  {time:>6}  {what}")
    print("Each runs without arguments and writes into runs/NAME; --help tells its options.")


if __name__ == "__main__":
    main()
