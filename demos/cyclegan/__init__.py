"""CycleGAN: photos become cartoons without pairs, or one folder of images becomes like another."""
