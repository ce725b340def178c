"""From an encoded image to 8-bit pixels: converted where there is one right way, refused where there is none.

What `datasets` does by default is the measure: the first frame, turned upright as the orientation tag says.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

_ORIENTATION = 0x0112
"""The Exif tag; 2 to 8 say that the stored pixels are mirrored or turned (Exif 2.32, section 4.6.4)."""
_ALPHA = ("LA", "PA", "RGBA")
_EIGHT_BITS = ("1", "L", "P", "RGB")

FIRST_FRAME = "the first of several frames is used"
UPRIGHT = "turned upright as their orientation tag says"
SCALED_16 = "16-bit values 0..65535 scaled to 0..255"
SCALED_FLOAT = "floating-point values 0..1 scaled to 0..255"
GREY = "colours turned to grey (ITU-R BT.601 luma)"


class PixelsError(ValueError):
    """An image that can be read, but not turned into 8-bit pixels in one right way."""


def decode(content: bytes, channels: int) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return the pixels of an image file, and what was done to them that loses or changes something.

    Args:
        content: the file, in any format that Pillow reads.
        channels: 1 for grey, 3 for red, green and blue.

    Returns:
        uint8 (height, width, channels), and the remarks.

    Raises:
        PixelsError: its values have no one right way to 8 bits; the message names the mode.
        Exception: whatever Pillow raises for a file that it cannot read.
    """
    with Image.open(io.BytesIO(content)) as image:
        remarks = [FIRST_FRAME] if getattr(image, "n_frames", 1) > 1 else []
        image.load()
        upright: Image.Image = image
        if image.getexif().get(_ORIENTATION) in range(2, 9):
            upright = ImageOps.exif_transpose(image)
            remarks.append(UPRIGHT)
        if upright.mode.startswith("I;16"):
            return _grey_planes(_from_16_bits(upright), channels), (*remarks, SCALED_16)
        if upright.mode == "F":
            return _grey_planes(_from_floats(upright), channels), (*remarks, SCALED_FLOAT)
        plain = _without_alpha(upright)
        if plain.mode not in _EIGHT_BITS:
            raise PixelsError(f"mode {plain.mode} has no one way to 8-bit grey or RGB; save it as one of these")
        if channels == 1 and _coloured(plain):
            remarks.append(GREY)
        pixels = np.asarray(plain.convert("L" if channels == 1 else "RGB"))
    return pixels.reshape(*pixels.shape[:2], channels), tuple(remarks)


def _from_16_bits(image: Image.Image) -> NDArray[np.uint8]:
    """Return the values, 0..65535, as 0..255: 257 v becomes v."""
    values = np.asarray(image)
    if 0 < values.max() <= 255:
        raise PixelsError(
            f"mode {image.mode} with values up to {values.max()} only, which may be 8-bit values in a 16-bit file;"
            " save it as 8-bit grey"
        )
    transparent = image.info.get("transparency")
    if transparent is not None and (values == transparent).any():
        raise _transparent(image)
    return np.rint(values / 257).astype(np.uint8)


def _from_floats(image: Image.Image) -> NDArray[np.uint8]:
    """Return the values, 0..1, as 0..255."""
    values = np.asarray(image)
    if not bool(((values >= 0) & (values <= 1)).all()):  # NaN is neither
        raise PixelsError(
            f"mode F (floating point) with values from {values.min():g} to {values.max():g}, not all within 0..1;"
            " save it as 8-bit grey"
        )
    return np.rint(values.astype(np.float64) * 255).astype(np.uint8)


def _without_alpha(image: Image.Image) -> Image.Image:
    """Return the image itself, or if it could show a background through, its colours after checking that it does not.

    Which background was meant cannot be known: ink is often in the alpha channel alone.
    """
    palette = image.palette.mode if image.mode == "P" and image.palette is not None else ""
    if image.mode not in _ALPHA and "transparency" not in image.info and not palette.endswith("A"):
        return image
    whole = image.convert("RGBA")
    if whole.getchannel("A").getextrema() != (255, 255):
        raise _transparent(image)
    return whole.convert("RGB")


def _transparent(image: Image.Image) -> PixelsError:
    return PixelsError(
        f"mode {image.mode} with transparent pixels, and no background is known; compose it on one and save it without"
        " alpha"
    )


def _coloured(image: Image.Image) -> bool:
    """Say whether any pixel is not grey."""
    if image.mode in ("1", "L"):
        return False
    pixels = np.asarray(image.convert("RGB"))
    return bool((pixels != pixels[:, :, :1]).any())


def _grey_planes(grey: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Return a grey image (height, width) as one with equal channels (height, width, channels)."""
    return np.repeat(grey[:, :, None], channels, axis=2)
