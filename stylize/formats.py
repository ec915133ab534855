"""Which picture formats are read and written, by file extension, and what to do about the others."""

from importlib.util import find_spec

_HEIC = (".heic", ".heif", ".hif")
_READS_HEIC = find_spec("pi_heif") is not None

EXTENSIONS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"),
    *(_HEIC if _READS_HEIC else ()),
)
WRITABLE = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".tif", ".tiff")
KEEPS_ALPHA = (".png", ".webp")

RAW = (
    *(".3fr", ".arw", ".cr2", ".cr3", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mrw", ".nef", ".nrw"),
    *(".orf", ".pef", ".raf", ".raw", ".rw2", ".sr2", ".srf", ".srw", ".x3f"),
)
_OTHERS = {
    ".ai": "Illustrator",
    ".eps": "EPS",
    ".exr": "OpenEXR",
    ".hdr": "Radiance HDR",
    ".ico": "ICO",
    ".j2k": "JPEG 2000",
    ".jp2": "JPEG 2000",
    ".jpf": "JPEG 2000",
    ".jpx": "JPEG 2000",
    ".jxl": "JPEG XL",
    ".jxr": "JPEG XR",
    ".pdf": "PDF",
    ".psb": "Photoshop",
    ".psd": "Photoshop",
    ".svg": "SVG",
    ".tga": "TGA",
    ".xcf": "GIMP",
}

# extension of a format that cannot be read -> how to get it read
NOT_READ: dict[str, str] = {
    **({} if _READS_HEIC else dict.fromkeys(_HEIC, 'to read HEIC, pip install "nnlite[heif]"')),
    **dict.fromkeys(RAW, "export camera RAW as JPEG or PNG"),
    **{ending: f"export {kind} as JPEG or PNG" for ending, kind in _OTHERS.items()},
}

# how files of those formats begin: (offset, bytes, extension)
_BEGINNINGS = (
    (0, b"8BPS", ".psd"),
    (0, b"%PDF", ".pdf"),
    (0, b"%!PS", ".eps"),
    (0, b"gimp xcf", ".xcf"),
    (0, b"\xff\x0a", ".jxl"),
    (4, b"JXL ", ".jxl"),
    (4, b"jP  ", ".jp2"),
    (0, b"\xff\x4f\xff\x51", ".j2k"),
    (0, b"FUJIFILMCCD-RAW", ".raf"),
    (4, b"ftypcrx ", ".cr3"),
    (8, b"CR\x02", ".cr2"),
    (0, b"IIRO", ".orf"),
    (0, b"IIRS", ".orf"),
    (0, b"IIU\0", ".rw2"),
    (0, b"FOVb", ".x3f"),
)
BEGINNING = 512  # bytes of a file that are enough to tell its format


def is_heic(beginning: bytes) -> bool:
    """Whether a file with these first bytes is HEIC: its first box lists the brands it conforms to."""
    if beginning[4:8] != b"ftyp":
        return False
    box = beginning[8 : int.from_bytes(beginning[:4])]
    return any(box[i : i + 4] in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis") for i in range(0, len(box), 4))


def how_to_read(beginning: bytes, suffix: str) -> str | None:
    """What to do about a picture in a format that cannot be read; None for any other file.

    The first bytes tell the format, whatever the name. Only for camera RAW does the extension count: most of these
    files are TIFFs whose first picture is a small preview.
    """
    if is_heic(beginning):
        return NOT_READ.get(".heic")  # None with pi-heif
    for offset, start, ending in _BEGINNINGS:
        if beginning[offset:].startswith(start):
            return NOT_READ[ending]
    if beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<svg" in beginning:
        return NOT_READ[".svg"]
    is_tiff = beginning.startswith((b"II*\0", b"MM\0*"))
    return NOT_READ[suffix] if is_tiff and suffix in RAW else None
