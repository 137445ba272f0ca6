"""How wide texts are, so that boxes are made to hold them before anything is drawn.

The widths are the larger ones of Arial's metrics (which Helvetica and Liberation Sans share) and DejaVu Sans', in
thousandths of the size of the font, from the space to the tilde: whichever of them a viewer has, a text fits.
"""

from __future__ import annotations

from functools import lru_cache

SANS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
MONO = "Menlo, 'DejaVu Sans Mono', 'Liberation Mono', Consolas, monospace"
_FIRST = 32
_REGULAR = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 556, 1015, 684, 686, 722, 770, 667, 611, 778, 752, 295, 500, 667, 557, 863,
    748, 787, 667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838, 556, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
)  # fmt: skip
_BOLD = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 611, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 556, 775, 637, 995,
    837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 556, 500, 675, 716, 593, 716,
    678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712,
    365, 712, 838,
)  # fmt: skip
_MONO = 0.605
_OTHER = 1000  # wide enough for letters of any script


@lru_cache(maxsize=20_000)
def width(text: str, size: float, bold: bool = False, mono: bool = False) -> float:
    """How much room a text needs."""
    if mono:
        return size * sum(_MONO if ord(c) < 0x1100 else 1.0 for c in text)
    table = _BOLD if bold else _REGULAR
    total = 0
    for c in text:
        place = ord(c) - _FIRST
        total += table[place] if 0 <= place < len(table) else _OTHER
    return size * total / 1000


def cut(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, or as much of it as has room, with `…` behind."""
    if width(text, size, bold) <= room:
        return text
    while text and width(text + "…", size, bold) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, room: float, size: float, most: int) -> list[str]:
    """The text in at most so many lines, broken behind spaces; the last one is cut."""
    lines: list[str] = []
    words = text.split(" ")
    while words:
        line = words.pop(0)
        while words and len(lines) < most - 1 and width(f"{line} {words[0]}", size) <= room:
            line += " " + words.pop(0)
        if len(lines) == most - 1:
            line = " ".join([line, *words])
            words = []
        lines.append(cut(line, room, size))
    return lines
