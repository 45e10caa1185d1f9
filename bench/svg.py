"""Plain SVG plots of bench results: bars beside each other, and lines over a rising load.

Standard library only; text is escaped. Each function returns the document as text.
"""

from xml.sax.saxutils import escape

_COLOURS = ("#0b6e99", "#d9822b", "#5b8c3a", "#8e4b9e", "#b03a48", "#6b6b6b")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 360, 80, 60, 40


def _document(width, height, title, body):
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            f'<text x="{width / 2}" y="20" text-anchor="middle" font-size="15">{escape(title)}</text>',
            *body,
            "</svg>",
            "",
        ]
    )


def _label(x, y, text, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def bars(title, unit, values):
    """Horizontal bars; `values` is a list of (name, number), None is drawn as missing."""
    height = _TOP + 26 * len(values) + 20
    largest = max((v for _, v in values if v is not None), default=0) or 1
    left, room = 170, _WIDTH - 170 - 150
    body = []
    for i, (name, value) in enumerate(values):
        y = _TOP + 26 * i
        body.append(_label(left - 8, y + 14, name, "end"))
        if value is None:
            body.append(_label(left, y + 14, "no figure"))
            continue
        width = room * value / largest
        colour = _COLOURS[0 if name.startswith("tapiary") else 1]
        body.append(
            f'<rect x="{left}" y="{y}" width="{width:.1f}" height="19" fill="{colour}"/>'
        )
        body.append(_label(left + width + 6, y + 14, f"{value:.4g} {unit}"))
    return _document(_WIDTH, height, title, body)


def lines(title, x_name, y_name, series):
    """`series` is {name: [[x, y], ...]}; both axes begin at 0."""
    points = [point for line in series.values() for point in line]
    top_x = max((x for x, _ in points), default=0) or 1
    top_y = max((y for _, y in points), default=0) or 1
    room_x, room_y = _WIDTH - _LEFT - 160, _HEIGHT - _TOP - _BOTTOM

    def at(x, y):
        return _LEFT + room_x * x / top_x, _HEIGHT - _BOTTOM - room_y * y / top_y

    body = []
    for i in range(6):
        x, y = at(top_x * i / 5, top_y * i / 5)
        body.append(f'<path d="M{_LEFT} {y:.1f}H{_LEFT + room_x}" stroke="#ddd"/>')
        body.append(_label(_LEFT - 6, y + 4, f"{top_y * i / 5:.3g}", "end"))
        body.append(_label(x, _HEIGHT - _BOTTOM + 18, f"{top_x * i / 5:.3g}", "middle"))
    body.append(_label(_LEFT + room_x / 2, _HEIGHT - 20, x_name, "middle"))
    body.append(_label(10, _TOP - 8, y_name))
    for i, (name, line) in enumerate(series.items()):
        colour = _COLOURS[i % len(_COLOURS)]
        path = "L".join("{:.1f} {:.1f}".format(*at(x, y)) for x, y in sorted(line))
        body.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in line:
            body.append('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'.format(*at(x, y), colour))
        y = _TOP + 18 * i
        left = _LEFT + room_x + 14
        body.append(f'<rect x="{left}" y="{y}" width="12" height="12" fill="{colour}"/>')
        body.append(_label(left + 18, y + 11, name))
    return _document(_WIDTH, _HEIGHT, title, body)
