import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from chaoscl.data.pixels import FIRST_FRAME, GREY, SCALED_16, SCALED_FLOAT, UPRIGHT, PixelsError, decode

INK = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)
COLOURS = np.random.default_rng(1).integers(0, 256, (5, 7, 3), dtype=np.uint8)
WHOLE = Image.new("L", (7, 5), 255)
HALF = Image.new("L", (7, 5), 128)


def saved(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def grey(pixels=INK):
    return Image.fromarray(pixels)


def premultiplied(image):
    """Return a TIFF file whose extra channel is said to be alpha by which the colours are multiplied already."""
    extra = b"\x52\x01\x03\x00\x01\x00\x00\x00"  # tag 338, one short
    content = saved(image, "TIFF")
    assert content.count(extra + b"\x02") == 1
    return content.replace(extra + b"\x02", extra + b"\x01")


def with_palette(entries, transparency=None):
    image = Image.new("P", (7, 5))
    image.putdata([number % 4 for number in range(35)])
    image.putpalette([value for entry in entries for value in entry])
    return saved(image, **({} if transparency is None else {"transparency": transparency}))


RAMP = [(v, v, v) for v in (0, 80, 160, 255)]
RAMP_PIXELS = np.array([(0, 80, 160, 255)[number % 4] for number in range(35)], np.uint8).reshape(5, 7)
SAME = {
    "8 bits": (saved(grey()), INK, ()),
    "16 bits": (saved(Image.fromarray(INK.astype(np.uint16) * 257)), INK, (SCALED_16,)),
    "16 bits TIFF": (saved(Image.fromarray(INK.astype(np.uint16) * 257), "TIFF"), INK, (SCALED_16,)),
    "16 bits, the other byte order": (saved(Image.fromarray(INK.astype(">u2") * 257), "TIFF"), INK, (SCALED_16,)),
    "16 bits, black": (saved(Image.fromarray(np.zeros((5, 7), np.uint16))), 0 * INK, (SCALED_16,)),
    "float": (saved(Image.fromarray((INK / 255).astype(np.float32)), "TIFF"), INK, (SCALED_FLOAT,)),
    "1 bit": (saved(grey().convert("1", dither=0)), np.where(INK > 127, 255, 0).astype(np.uint8), ()),
    "grey as RGB": (saved(grey().convert("RGB")), INK, ()),
    "LA, opaque": (saved(Image.merge("LA", [grey(), WHOLE])), INK, ()),
    "RGBA, opaque": (saved(Image.merge("RGBA", [grey()] * 3 + [WHOLE])), INK, ()),
    "RGBA, premultiplied, opaque": (premultiplied(Image.merge("RGBA", [grey()] * 3 + [WHOLE])), INK, ()),
    "palette": (with_palette(RAMP), RAMP_PIXELS, ()),
    "palette, opaque": (with_palette(RAMP, bytes([255] * 4)), RAMP_PIXELS, ()),
    "palette, transparent where nothing is": (with_palette([*RAMP, (9, 9, 9)], 4), RAMP_PIXELS, ()),
    "GIF": (saved(grey(), "GIF"), INK, ()),
    "GIF of two frames": (
        saved(grey(), "GIF", save_all=True, append_images=[grey(255 - INK)]), INK, (FIRST_FRAME,)
    ),
    "PNG of two frames": (saved(grey(), save_all=True, append_images=[grey(255 - INK)]), INK, (FIRST_FRAME,)),
    "TIFF of two pages": (
        saved(grey(), "TIFF", save_all=True, append_images=[grey(255 - INK)]), INK, (FIRST_FRAME,)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_grey_image_comes_out_as_its_8_bit_form(kind, channels):
    content, expected, remarks = SAME[kind]
    pixels, said = decode(content, channels)
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, np.repeat(expected[:, :, None], channels, axis=2))
    assert said == remarks


REFUSED = {
    "ink in alpha": (saved(Image.merge("LA", [Image.new("L", (7, 5)), grey()])), "mode LA with transparent"),
    "half transparent": (saved(Image.merge("RGBA", [grey()] * 3 + [HALF])), "mode RGBA with transparent"),
    "premultiplied": (premultiplied(Image.merge("RGBA", [grey()] * 3 + [HALF])), "mode RGBA with transparent"),
    "transparent palette entry": (with_palette(RAMP, 1), "mode P with transparent"),
    "palette with alpha": (with_palette(RAMP, bytes([255, 255, 0, 255])), "mode P with transparent"),
    "transparent grey value": (saved(grey(), transparency=int(INK[2, 3])), "mode L with transparent"),
    "transparent colour": (
        saved(Image.fromarray(COLOURS), transparency=tuple(COLOURS[2, 3].tolist())), "mode RGB with transparent"
    ),
    "transparent 16-bit value": (
        saved(Image.fromarray(INK.astype(np.uint16) * 257), transparency=int(INK[2, 3]) * 257),
        "mode I;16 with transparent",
    ),
    "8-bit values in 16 bits": (saved(Image.fromarray(INK.astype(np.uint16))), "mode I;16 with values up to 248 only"),
    "32 bits": (saved(Image.fromarray(INK.astype(np.int32)), "TIFF"), "mode I has no one way"),
    "float 0..255": (saved(Image.fromarray(INK.astype(np.float32)), "TIFF"), "mode F (floating point) with values"),
    "float below 0": (
        saved(Image.fromarray((INK / 255 - 0.1).astype(np.float32)), "TIFF"), "mode F (floating point) with values"
    ),
    "float with NaN": (
        saved(Image.fromarray(np.where(INK > 9, 0.5, np.nan).astype(np.float32)), "TIFF"), "mode F (floating point)"
    ),
    "CMYK": (saved(Image.fromarray(COLOURS).convert("CMYK"), "TIFF"), "mode CMYK has no one way"),
    "LAB": (saved(Image.merge("LAB", [grey()] * 3), "TIFF"), "mode LAB has no one way"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("channels", [1, 3])
def test_what_has_no_one_right_way_is_refused_with_its_mode(kind, channels):
    content, words = REFUSED[kind]
    with pytest.raises(PixelsError) as caught:
        decode(content, channels)
    assert str(caught.value).startswith("mode ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "content", [saved(Image.fromarray(COLOURS)), saved(Image.fromarray(COLOURS), "WEBP", lossless=True)]
)
def test_colours_stay_in_three_channels_and_become_luma_in_one_with_a_remark(content):
    assert decode(content, 3)[1] == ()
    assert np.array_equal(decode(content, 3)[0], COLOURS)
    pixels, said = decode(content, 1)
    assert said == (GREY,)
    # ITU-R BT.601: 0.299 red, 0.587 green, 0.114 blue.
    assert np.abs(pixels[:, :, 0] - COLOURS @ [0.299, 0.587, 0.114]).max() < 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
@pytest.mark.parametrize("tag", range(10))
def test_images_are_turned_upright_as_their_orientation_tag_says(kind, tag):
    # Where the first row and the first column of the stored pixels belong: Exif 2.32, section 4.6.4.
    turns = {
        2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1], 5: lambda a: a.T,
        6: lambda a: a.T[:, ::-1], 7: lambda a: a.T[::-1, ::-1], 8: lambda a: a.T[::-1],
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = tag
    stored = np.kron(np.array([[0, 60, 120], [180, 240, 30]]), np.ones((8, 8))).astype(np.uint8)
    pixels, said = decode(saved(grey(stored), kind, exif=exif), 1)
    expected = turns.get(tag, lambda a: a)(stored)
    assert pixels.shape == (*expected.shape, 1)
    assert np.abs(pixels[:, :, 0].astype(int) - expected).max() <= (4 if kind == "JPEG" else 0)
    if kind != "TIFF":  # there Pillow turns by itself
        assert said == ((UPRIGHT,) if tag in turns else ())


shapes = arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)


@given(arrays.arrays(np.uint16, shapes))
def test_16_bits_are_rounded_to_the_nearest_of_256_levels_or_refused(values):
    content = saved(Image.fromarray(values))
    if 0 < values.max() <= 255:
        with pytest.raises(PixelsError):
            decode(content, 1)
    else:
        pixels = decode(content, 1)[0][:, :, 0].astype(float)
        assert np.abs(pixels - values / 65535 * 255).max() <= 0.5


@given(arrays.arrays(np.float32, shapes, elements=st.floats(-0.5, 1.5, width=32) | st.just(float("nan"))))
def test_floats_are_rounded_to_the_nearest_of_256_levels_or_refused(values):
    content = saved(Image.fromarray(values), "TIFF")
    if np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1:
        assert np.abs(decode(content, 1)[0][:, :, 0] - values.astype(float) * 255).max() <= 0.5
    else:
        with pytest.raises(PixelsError):
            decode(content, 1)


@pytest.mark.parametrize("content", [b"", b"no image", saved(grey())[:60]])
def test_what_is_no_image_is_an_error_of_pillow_s(content):
    with pytest.raises((OSError, SyntaxError)):
        decode(content, 1)
