"""Barcodes for tills as inline SVG, with the quiet zones that scanners need; no script, style or font is involved.

Bars are drawn from widths in modules, dark and light by turns. Code 128 packs an even number of digits two a symbol.
"""

import re

QUIET_MODULES = 10  # on either side; ISO/IEC 15417 and the others ask for ten
HEIGHT_MODULES = 50
CODE128 = re.findall(
    "[0-9]+",
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112",
)
START_B, START_C, FUNCTION_1, STOP = 104, 105, 102, 106
EAN_LEFT = ["3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112"]
EAN_PARITY = ["000000", "001011", "001101", "001110", "010011", "011001", "011100", "010101", "010110", "011010"]
CODABAR = {
    "0": "1111133",
    "1": "1111331",
    "2": "1113113",
    "3": "3311111",
    "4": "1131131",
    "5": "3111131",
    "6": "1311113",
    "7": "1311311",
    "8": "1331111",
    "9": "3113111",
    "-": "1113311",
    "$": "1133111",
    ":": "3111313",
    "/": "3131113",
    ".": "3131311",
    "+": "1131313",
    "A": "1133131",
    "B": "1313113",
    "C": "1113133",
    "D": "1113331",
}


def barcode_svg(symbology: str, content: str) -> str:
    """Draw a barcode; `symbology` is `code128`, `nw7`, `jan13` or `gs1_128`.

    NW-7 without start and stop letters gets A and B. GS1-128 takes one element string, its identifier in parentheses
    or not. JAN takes 12 digits, or 13 with a right check digit.

    Raises:
        ValueError: unknown symbology, or content that it cannot hold.
    """
    try:
        widths = _DRAWN[symbology](content)
    except KeyError as error:
        raise ValueError(f"no barcode {symbology!r}, or a letter that it does not have") from error
    return _svg(widths)


def jan_check_digit(digits: str) -> str:
    """Give the thirteenth digit of a JAN."""
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits[:12]))
    return str(-weighted % 10)


def _code128(content: str, *, first: tuple[int, ...] = ()) -> str:
    if re.fullmatch(r"(?:[0-9]{2})+", content):
        symbols = [START_C, *first, *(int(content[at : at + 2]) for at in range(0, len(content), 2))]
    elif re.fullmatch(r"[ -~]+", content):
        symbols = [START_B, *first, *(ord(letter) - 32 for letter in content)]
    else:
        raise ValueError("Code 128 is drawn of printable ASCII only")
    check = (symbols[0] + sum(place * value for place, value in enumerate(symbols))) % 103
    return "".join(CODE128[value] for value in [*symbols, check, STOP])


def _gs1_128(content: str) -> str:
    return _code128(content.replace("(", "").replace(")", ""), first=(FUNCTION_1,))


def _jan13(content: str) -> str:
    if not re.fullmatch(r"[0-9]{12,13}", content):
        raise ValueError("a JAN has 13 digits")
    digits = content[:12] + jan_check_digit(content)
    if content != digits[: len(content)]:
        raise ValueError("the check digit is wrong")
    parity = EAN_PARITY[int(digits[0])]
    left = "".join(
        EAN_LEFT[int(digit)][::-1] if mirrored == "1" else EAN_LEFT[int(digit)]
        for digit, mirrored in zip(digits[1:7], parity, strict=True)
    )
    right = "".join(EAN_LEFT[int(digit)] for digit in digits[7:])
    return f"111{left}11111{right}111"


def _nw7(content: str) -> str:
    framed = content if re.fullmatch(r"[A-D].*[A-D]", content) else f"A{content}B"
    if not re.fullmatch(r"[A-D][0-9$:/.+-]+[A-D]", framed):
        raise ValueError("NW-7 holds digits and - $ : / . + only")
    return "1".join(CODABAR[letter] for letter in framed)


_DRAWN = {"code128": _code128, "gs1_128": _gs1_128, "jan13": _jan13, "nw7": _nw7}


def _svg(widths: str) -> str:
    bars, at = [], QUIET_MODULES
    for place, width in enumerate(map(int, widths)):
        if place % 2 == 0:
            bars.append(f"M{at} 0h{width}v{HEIGHT_MODULES}h-{width}z")
        at += width
    across = at + QUIET_MODULES
    return (
        # Edges are left soft: rounded to whole pixels, narrow bars would differ in width and not be read.
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {HEIGHT_MODULES}">'
        f'<path fill="#fff" d="M0 0h{across}v{HEIGHT_MODULES}H0z"/>'
        f'<path d="{"".join(bars)}"/></svg>'
    )
