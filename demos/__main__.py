"""`python -m demos` lists the programs here."""

from stylize import console

# Name, what it shows, and how long it takes on two CPU cores.
DEMOS = [
    ("cartoonize", "photographs become cartoons: Pix2Pix on pairs drawn with OpenCV", "5 min"),
    ("translate", "Pix2Pix on pairs of your own, or on damaged photos: colours, rain, noise, holes", "5 min"),
    ("cyclegan", "photographs become cartoons without pairs; or, of two folders, each becomes like the other", "7 min"),
    ("ablation", "Pix2Pix by L1 alone, with the gradient difference, with cGAN, and with all three", "5 min"),
    ("classify", "LeNet-5, or AlexNet to DenseNet, reads handwritten digits; which it takes for others", "1.5 min"),
    ("depth", "plain networks of 8 and 20 layers next to ResNets of the same depth: shortcuts make it pay", "2 min"),
    ("transfer", "5 to 9 learnt from 20 labels each, by a network that reads 0 to 4", "2 min"),
    ("autoencoder", "five kinds of autoencoder: digits reconstructed, and the plane of their codes", "30 s"),
    ("denoise", "an autoencoder takes noise off digits; decibels gained", "30 s"),
    ("inpaint", "an autoencoder completes digits behind a grey square", "30 s"),
    ("context_encoder", "digits completed sharply: a discriminator looks at what an autoencoder fills in", "2 min"),
    ("anomaly", "autoencoders that know one digit each tell it from the nine others", "1 min"),
    ("search", "similar digits found by codes of 32 numbers, by components and by pixels", "1.5 min"),
    ("retrieve", "digits of kinds never seen are found by codes that pairs and triplets of others taught", "1.5 min"),
    ("compress", "digits in 2, 8 and 32 numbers, by autoencoders and by principal components", "1.5 min"),
    ("features", "a linear classifier on codes, taught by 100 labels", "1 min"),
    ("vae", "a variational autoencoder: digits reconstructed, digits between two digits, digits made up", "2 min"),
    ("latent", "codes of two numbers: the plane of an autoencoder next to that of a variational one", "1.5 min"),
    ("gan", "a GAN makes up digits; with --conditional, the digit asked for", "3 min"),
    ("dcgan", "a GAN of convolutions on digits, or on a folder of images: --data", "1 min"),
    ("wgan", "a Wasserstein GAN makes up digits, with clipped weights or --penalty gradient", "1.5 min"),
    ("sagan", "a GAN with self-attention makes up digits; where it looks while it draws them", "2 min"),
    ("stylegan", "a small StyleGAN on digits: styles mixed and pulled to their mean, noise", "3 min"),
    ("text_to_image", "a GAN draws what a caption says, also scenes that it never saw; draw one of your own", "3 min"),
    ("synthetic", "a reader taught by generated digits: added to 50 labels of each, and in place of all", "3 min"),
    ("edit", "a digit's slant, thickness or class is changed, and the rest stays: a fader network", "4.5 min"),
    ("duel", "two GANs swap discriminators: whose digits deceive the other's?", "40 s"),
    ("segment", "a U-Net finds the ink of digits drawn on photos, pixel by pixel", "3.5 min"),
    ("caption", "rows of digits read by an LSTM that looks at them again before each digit", "3 min"),
    ("plates", "characters on number plates: thresholds with connected components next to a U-Net", "2 min"),
    ("slide", "LeNet-5 with dense layers as convolutions reads a whole page of digits in one pass", "15 s"),
    ("detect", "Faster R-CNN finds digits on photos, or with --scene flowchart symbols and arrows", "3 min"),
    ("look_inside", "inside two networks: layers, filters, maps, occlusion, what excites a unit, neighbours", "1 min"),
    ("style_transfer", "a photo painted as van Gogh's Starry Night: Gram matrices of learnt features", "3 min"),
    ("super_resolution", "photos get four times as many pixels a side: SRResNet and SRGAN next to bicubic", "4 min"),
    ("shallow", "shapes on photos: histograms of gradients (HOG) and a linear classifier, or a small ResNet", "2 min"),
    ("classic_vision", "before deep learning: kernels, SIFT, panorama, tracking, Haar cascade, visual words", "50 s"),
]


def main() -> None:
    width = max(len(name) for name, _, _ in DEMOS)
    for name, what, time in DEMOS:
        print(f"python -m demos.{name:{width}}  {time:>7}  {what}")
    print("Each runs without arguments and writes into runs/NAME; --help tells its options.")
    print("To read a whole training on one page, open demos/minimal: six files without options, mnist.py first.")


if __name__ == "__main__":
    console.run("demos", main)
