"""Draws horizontal bars in groups, in the style of carpool-compare's charts. The same results give the same bytes."""

import math
import re

import programs

WIDTH, LEFT, RIGHT, ROW, GAP, TOP = 860, 190, 90, 20, 26, 64


def _style():
    """carpool-compare's own: light and dark, and told apart by colour-blind readers."""
    source = (programs.HERE / "compare" / "svg.hpp").read_text()
    return re.search(r'svg_style = R"\((.*?)\)"', source, re.DOTALL).group(1)


def _escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def number(value):
    """Three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _step(largest):
    """A round distance of about six ticks."""
    rough = largest / 6
    power = 10 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)


def _text(x, y, words, css="", anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}"{more}>{_escape(words)}</text>\n'


def _line(x1, y1, x2, y2, css):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>\n'


class _Drawing:
    def __init__(self, groups):
        self.largest = max(high for _, bars in groups for _, _, (_, _, high) in bars) or 1
        self.body = ""
        self.y = TOP

    def x(self, value):
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.largest

    def axis(self, bottom, words):
        step = _step(self.largest)
        for i in range(int(self.largest / step) + 1):
            self.body += _line(self.x(i * step), TOP, self.x(i * step), bottom, "grid")
            self.body += _text(self.x(i * step), bottom + 16, number(i * step), "soft", "middle")
        self.body += _line(LEFT, TOP, LEFT, bottom, "axis")
        self.body += _text((LEFT + WIDTH - RIGHT) / 2, bottom + 36, words, "soft", "middle")

    def bar(self, label, ours, low, median, high):
        middle = self.y + ROW / 2
        self.body += _text(LEFT - 8, self.y + 14, label, "", "end")
        css = "s1" if ours else "s0"
        tip = f"{label}: {number(median)} (half of the repetitions from {number(low)} to {number(high)})"
        self.body += (f'<rect x="{LEFT}" y="{self.y + 3}" width="{max(self.x(median) - LEFT, 0.5):.1f}" '
                      f'height="{ROW - 6}" rx="2" class="{css}"><title>{_escape(tip)}</title></rect>\n')
        if high > low:
            self.body += _line(self.x(low), middle, self.x(high), middle, "range")
        self.body += _text(self.x(max(median, high)) + 6, self.y + 14, number(median))
        self.y += ROW


def draw(title, axis, groups, provenance):
    """groups: [(heading, [(label, ours, (low, median, high))])]. Returns the text of an SVG file."""
    drawing = _Drawing(groups)
    bottom = TOP + sum(GAP + ROW * len(bars) for _, bars in groups)
    drawing.axis(bottom, axis)
    for heading, bars in groups:
        drawing.body += _text(16, drawing.y + 17, heading, "head")
        drawing.y += GAP - 6
        for label, ours, figures in bars:
            drawing.bar(label, ours, *figures)
        drawing.y += 6
    height = bottom + 68
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{_escape(title)}">\n<style>{_style()}</style>\n'
            '<rect width="100%" height="100%" style="fill:var(--paper)"/>\n')
    head += _text(16, 28, title, "head", more=' style="font-size:17px"')
    legend = "Blue is carpool; grey is what it is measured beside. Lines: the middle half of the repetitions."
    head += _text(16, 48, legend, "soft")
    return head + drawing.body + _text(16, height - 10, provenance, "soft") + "</svg>\n"
