"""Wall time a session against the recording's size, as SVG: the same results, the same bytes."""

import math

from batches import size_text

WIDTH, HEIGHT = 860, 400
LEFT, TOP, PANEL, GAP, BOTTOM = 70, 40, 340, 70, 330
SERIES = (("curl", "curl", "#6b7280"), ("callspool", "callspool", "#0f766e"),
          ("python", "Python, requests", "#b45309"))


def svg(rows):
    """The plot: a panel for each place."""
    places = list(dict.fromkeys(row["place"] for row in rows))
    values = [row["wall"][name] for row in rows for name, _, _ in SERIES]
    sizes = sorted({row["size"] for row in rows})
    x_range = (math.log10(sizes[0]), math.log10(sizes[-1]))
    y_range = (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        "<title>Wall time a session by the size of its recording</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for number, place in enumerate(places):
        left = LEFT + number * (PANEL + GAP)
        own = sorted((row for row in rows if row["place"] == place), key=lambda row: row["size"])
        parts += _panel(left, place, sizes, x_range, y_range)
        for name, _, color in SERIES:
            points = [(left + _scale(row["size"], x_range, PANEL),
                       BOTTOM - _scale(row["wall"][name], y_range, BOTTOM - TOP)) for row in own]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in points]
    for number, (_, title, color) in enumerate(SERIES):
        x = LEFT + number * 150
        parts.append(f'<rect x="{x}" y="{HEIGHT - 22}" width="14" height="4" fill="{color}"/>')
        parts.append(f'<text x="{x + 20}" y="{HEIGHT - 16}" fill="#111827">{title}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(left, place, sizes, x_range, y_range):
    parts = [f'<text x="{left}" y="{TOP - 14}" fill="#111827">{place}: wall time a session, '
             "by recording</text>"]
    for decade in range(y_range[0], y_range[1] + 1):
        y = BOTTOM - _scale(10**decade, y_range, BOTTOM - TOP)
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{left + PANEL}" y2="{y:.1f}" '
                     'stroke="#e5e7eb"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#374151">'
                     f"{_time_text(decade)}</text>")
    for size in sizes:
        x = left + _scale(size, x_range, PANEL)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{BOTTOM}" stroke="#f3f4f6"/>')
        parts.append(f'<text x="{x:.1f}" y="{BOTTOM + 18}" text-anchor="middle" fill="#374151">'
                     f"{size_text(size)}</text>")
    return parts


def _scale(value, bounds, length):
    low, high = bounds
    return (math.log10(value) - low) / ((high - low) or 1) * length


def _time_text(decade):
    for power, unit in ((0, "s"), (-3, "ms"), (-6, "µs")):
        if decade >= power:
            return f"{10 ** (decade - power)} {unit}"
    return f"1e{decade} s"
