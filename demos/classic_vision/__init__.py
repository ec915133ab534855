"""Computer vision without learning, or with little of it: what deep learning is compared to.

__main__.py       the command line: all of it, one after the other
kernels.py        edges and smoothing: convolution with kernels that people wrote
changes.py        photos turned, scaled, darkened: what finding a place again has to stand up to
templates.py      finding a piece of a photo by comparing pixels
keypoints.py      finding it by SIFT keypoints that agree on one motion (RANSAC)
visual_words.py   reading digits by counting their pieces, compared with LeNet-5
haar.py           sums over rectangles by an integral image
boosting.py       AdaBoost: many weak classifiers vote
cascade.py        cheap classifiers first, the others only for what they let pass
pages.py          pages with digits and pieces of photos to search
detector.py       digits found on pages by the cascade, measured
panorama.py       views of a scene put together by their homographies
tracking.py       a piece of a scene followed from frame to frame
"""
