"""Whole trainings on one page each: network, loss, loop and picture in one file without options.

In reading order:

    mnist.py         a convolutional network reads digits: the loop that all others share
    autoencoder.py   the target is the input: codes of 32 numbers, learnt without labels
    vae.py           codes that can be drawn from scratch: a loss of two terms
    gan.py           two networks and two losses: a generator deceives a discriminator
    dcgan.py         the same game with convolutions
    pix2pix.py       the same game with a condition: photos become cartoons

Each runs offline as `python -m demos.minimal.NAME`, in 20 to 80 seconds on two CPU cores, and writes its picture
to runs/minimal/NAME.png. With PyTorch's names throughout, what is learnt here can be used there.
"""
