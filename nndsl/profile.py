"""A profile as people read it: a table of kernels, a table of source lines, and a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from nndsl.diagnostics import Span

if TYPE_CHECKING:
    from nndsl.ir.plan import Region
    from nndsl.runtime.profile import KernelTime, Profile


@dataclass
class LineTime:
    """All kernels of one source line."""

    source: str
    line: int
    text: str
    seconds: float = 0.0
    multiply_adds: int = 0
    kernels: list[KernelTime] = field(default_factory=list)


def span_of(region: Region) -> Span | None:
    """The place in the source that a kernel's time is put down to: that of its product or other heavy op, else of the
    value it stores last."""
    from nndsl.ir.work import of_node

    heavy = [node for node in region.nodes if of_node(node) != 0]
    for node in (*heavy, *reversed(region.nodes), *(value for _, value in region.assigns)):
        if node.span is not None:
            return node.span
    return None


def by_line(profile: Profile) -> list[LineTime]:
    """The lines of the source with the time of their kernels, the slowest first. What no line stands for is line 0."""
    lines: dict[tuple[str, int], LineTime] = {}
    for kernel in profile.kernels:
        span = span_of(kernel.region)
        key = (span.source.name, span.line) if span is not None else ("", 0)
        if key not in lines:
            text = span.source.text.split("\n")[span.line - 1].strip() if span is not None else "loss and optimizer"
            lines[key] = LineTime(key[0], key[1], text)
        found = lines[key]
        found.seconds += kernel.seconds
        found.multiply_adds += kernel.multiply_adds
        found.kernels.append(kernel)
    return sorted(lines.values(), key=lambda one: -one.seconds)


def profile_text(profile: Profile, peak: float, most: int = 40) -> str:
    """Two tables: kernels in the order of their time, then source lines. `peak` is in multiply-adds a second."""
    whole = profile.seconds
    sizes = ", ".join(f"{name} {size}" for name, size in profile.sizes.items())
    total = sum(k.multiply_adds for k in profile.kernels)
    threads = f"{profile.threads} thread{'s' if profile.threads > 1 else ''}"
    out = [
        f"{profile.plan.graph.name}: {_time(whole)} a run ({sizes}; {threads})",
        f"{total:,} multiply-adds, {100 * total / whole / peak:.0f}% of the {peak / 1e9:.0f}e9 a second that this "
        "machine can do",
        "",
        f"{'share':>6} {'time':>9} {'calls':>6} {'multiply-adds':>15} {'of peak':>8} {'bytes':>13} {'e9 bytes/s':>11}"
        "  kernel",
    ]
    ranked = sorted(profile.kernels, key=lambda k: -k.seconds)
    for k in ranked[:most]:
        peak_share = f"{100 * k.multiply_adds / max(k.seconds, 1e-12) / peak:.0f}%" if k.multiply_adds else ""
        work = f"{k.multiply_adds:,}" if k.multiply_adds else ""
        rate = f"{k.bytes / max(k.seconds, 1e-12) / 1e9:.1f}"
        out.append(
            f"{100 * k.seconds / whole:5.1f}% {_time(k.seconds):>9} {k.calls:>6} {work:>15} {peak_share:>8} "
            f"{k.bytes:>13,} {rate:>11}  {k.region.name}"
        )
    rest = ranked[most:]
    if rest:
        spent = sum(k.seconds for k in rest)
        out.append(f"{100 * spent / whole:5.1f}% {_time(spent):>9}{'':57}  {len(rest)} more kernels")
    out += ["", f"{'share':>6} {'time':>9} {'multiply-adds':>15}  line"]
    for one in by_line(profile):
        work = f"{one.multiply_adds:,}" if one.multiply_adds else ""
        place = f"{one.source}:{one.line}  " if one.line else ""
        share = f"{100 * one.seconds / whole:5.1f}%"
        out.append(f"{share} {_time(one.seconds):>9} {work:>15}  {place}{one.text}")
    return "\n".join(out)


def _time(seconds: float) -> str:
    return f"{1000 * seconds:.3f} ms" if seconds < 10 else f"{seconds:.2f} s"


# --- the picture -------------------------------------------------------------------------------------------------

WIDTH, ROW, MARGIN = 1200, 26, 16
COLORS = ("#d8e6f3", "#f6dfc6", "#dcecd2", "#eadcf0", "#f5d9dc", "#dfe7ea")


def profile_svg(profile: Profile) -> str:
    """The program above its lines above their kernels, each as wide as its share of the time."""
    lines = by_line(profile)
    inner = WIDTH - 2 * MARGIN
    scale = inner / max(profile.seconds, 1e-12)
    height = 2 * MARGIN + 3 * ROW + 24
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_box(MARGIN, MARGIN, inner, f"{profile.plan.graph.name} {_time(profile.seconds)}", "", "#e8e8e8"),
    ]
    x = float(MARGIN)
    for number, one in enumerate(lines):
        color = COLORS[number % len(COLORS)]
        place = f"{one.source}:{one.line} " if one.line else ""
        share = f"{100 * one.seconds / profile.seconds:.1f}%, {_time(one.seconds)}"
        out += _box(x, MARGIN + ROW, one.seconds * scale, one.text, f"{place}{one.text}\n{share}", color)
        out += _kernels(x, one.kernels, scale, profile.seconds, color)
        x += one.seconds * scale
    note = "Width is time: the program, its source lines, their kernels. Point at a box for its figures."
    out.append(f'<text x="{MARGIN}" y="{height - 12}" fill="#666666">{note}</text>')
    return "\n".join([*out, "</svg>", ""])


def _kernels(x: float, kernels: Iterable[KernelTime], scale: float, whole: float, color: str) -> list[str]:
    out = []
    for k in sorted(kernels, key=lambda one: -one.seconds):
        told = f"{k.region.name}\n{100 * k.seconds / whole:.1f}%, {_time(k.seconds)}, {k.calls} calls\n"
        told += f"{k.multiply_adds:,} multiply-adds, {k.bytes:,} bytes"
        out += _box(x, MARGIN + 2 * ROW, k.seconds * scale, k.region.name, told, color)
        x += k.seconds * scale
    return out


def _box(x: float, y: float, width: float, text: str, told: str, color: str) -> list[str]:
    """A box with its text where there is room, and all of it when pointed at."""
    room = int((width - 8) / 6.5)
    shown = text if len(text) <= room else text[: max(0, room - 1)] + "…" if room > 3 else ""
    box = f'x="{x:.1f}" y="{y}" width="{max(0.3, width - 0.6):.1f}" height="{ROW - 2}"'
    out = [f'<g><rect {box} rx="2" fill="{color}"/>']
    if told or text:
        out.append(f"<title>{escape(told or text)}</title>")
    if shown:
        out.append(f'<text x="{x + 4:.1f}" y="{y + 16}" fill="#222222">{escape(shown)}</text>')
    return [*out, "</g>"]
