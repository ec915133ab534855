"""Which kinds of picture are read and written, by the endings of their names."""

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
WRITABLE = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
KEEPS_ALPHA = (".png", ".webp")

# Pictures that are not read: ending -> what to do about them
NOT_READ = {ending: "save them as JPEG" for ending in (".heic", ".heif")}
