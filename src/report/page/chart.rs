//! Columns over time, as SVG: what arrived above the line, what failed below it.
//!
//! Positions across are percentages, so that a chart is as wide as its place while its letters keep
//! their size. Colours are the style sheet's; a table says the same in words.

use super::html::{Html, grouped};
use super::scale::{HEIGHT, Scale, TOP, small};
use super::traffic::Tally;

/// The room below, for the labels.
const BOTTOM: f64 = 22.0;

/// What is told apart in a chart.
#[derive(Clone, Copy)]
pub(super) enum Stretch {
    /// Hours.
    Hour,
    /// Days.
    Day,
}

impl Stretch {
    fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The stretch in words, for tables and hints.
    fn words(self, tally: &Tally) -> String {
        match self {
            Self::Hour => tally.start.format("%-d %b, %H:%M").to_string(),
            Self::Day => tally.start.format("%-d %b").to_string(),
        }
    }

    /// What stands below a column, and whether that can be left out where room is scarce.
    fn label(self, index: usize, tally: &Tally) -> Option<(String, bool)> {
        match self {
            Self::Hour => {
                let hour = tally.start.format("%H").to_string();
                match hour.as_str() {
                    "00" => Some((tally.start.format("%-d %b").to_string(), false)),
                    "12" => Some(("12:00".to_owned(), false)),
                    "06" | "18" => Some((format!("{hour}:00"), true)),
                    _ => None,
                }
            }
            Self::Day if index.is_multiple_of(5) => Some((
                tally.start.format("%-d %b").to_string(),
                !index.is_multiple_of(10),
            )),
            Self::Day => None,
        }
    }
}

/// Writes a chart with its legend and its table. `id` is its own among all charts.
pub(super) fn write(html: &mut Html, id: &'static str, stretch: Stretch, tallies: &[Tally]) {
    let sum = |count: fn(&Tally) -> u64| tallies.iter().map(count).sum::<u64>();
    let arrived = sum(Tally::arrived);
    let partial = sum(|tally| tally.partial);
    let failures = sum(|tally| tally.failures);
    if arrived + failures == 0 {
        html.raw("<p class=\"none\">Nothing was delivered in this time, and nothing failed.</p>");
        return;
    }
    let scale = Scale::of(tallies);
    html.raw("<div class=\"chart\">");
    axis(html, &scale);
    html.raw("<svg class=\"plot\" role=\"img\" aria-labelledby=\"")
        .raw(id)
        .raw("-title ")
        .raw(id)
        .raw("-desc\"><title id=\"")
        .raw(id)
        .raw("-title\">")
        .text(&format!("Deliveries and failures per {}", stretch.name()))
        .raw("</title><desc id=\"")
        .raw(id)
        .raw("-desc\">")
        .text(&description(arrived, partial, failures, stretch, tallies))
        .raw("</desc>");
    for (_, place) in scale.lines() {
        line(html, place);
    }
    for (index, tally) in tallies.iter().enumerate() {
        column(html, &scale, stretch, tallies.len(), index, tally);
    }
    labels(html, stretch, tallies);
    html.raw("</svg></div>");
    legend(html, arrived - partial, partial, failures);
    table(html, stretch, tallies);
}

fn axis(html: &mut Html, scale: &Scale) {
    html.raw("<svg class=\"axis\" aria-hidden=\"true\">");
    for (label, place) in scale.lines() {
        html.raw("<text x=\"34\" y=\"")
            .number(pixels(place + 4.0))
            .element("\" text-anchor=\"end\">", &label, "</text>");
    }
    html.raw("</svg>");
}

fn line(html: &mut Html, place: f64) {
    let place = pixels(place);
    html.raw("<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"")
        .number(&place)
        .raw("\" y2=\"")
        .number(&place)
        .raw("\"/>");
}

fn column(
    html: &mut Html,
    scale: &Scale,
    stretch: Stretch,
    count: usize,
    index: usize,
    tally: &Tally,
) {
    let width = 100.0 / small(count);
    let left = width * small(index);
    html.raw("<g class=\"column\"><title>")
        .text(&format!(
            "{}: {}",
            stretch.words(tally),
            counts_in_words(tally)
        ))
        .raw("</title>");
    // What the pointer finds: the whole height.
    rect(html, "hover", left, width, TOP, HEIGHT);
    let (left, width) = (left + width * 0.1, width * 0.8);
    let delivered = scale.height(tally.delivered);
    let partial = scale.height(tally.partial);
    let failures = scale.height(tally.failures);
    let mut bar = |class, top, height: f64| {
        if height > 0.0 {
            rect(html, class, left, width, top, height);
        }
    };
    bar("delivered", scale.base - delivered, delivered);
    bar("partial", scale.base - delivered - partial, partial);
    bar("failures", scale.base, failures);
    html.raw("</g>");
}

fn rect(html: &mut Html, class: &'static str, left: f64, width: f64, top: f64, height: f64) {
    html.raw("<rect class=\"")
        .raw(class)
        .raw("\" x=\"")
        .number(format_args!("{left:.3}%"))
        .raw("\" width=\"")
        .number(format_args!("{width:.3}%"))
        .raw("\" y=\"")
        .number(pixels(top))
        .raw("\" height=\"")
        .number(pixels(height))
        .raw("\"/>");
}

fn labels(html: &mut Html, stretch: Stretch, tallies: &[Tally]) {
    let width = 100.0 / small(tallies.len());
    // A label begins at its column; of the last ones there would be half.
    let fits = |index: usize| width * small(index) < 90.0;
    for (index, tally) in tallies.iter().enumerate().filter(|(index, _)| fits(*index)) {
        let Some((label, can_be_left_out)) = stretch.label(index, tally) else {
            continue;
        };
        let class = if can_be_left_out { "minor" } else { "major" };
        html.raw("<text class=\"")
            .raw(class)
            .raw("\" x=\"")
            .number(format_args!("{:.3}%", width * small(index)))
            .raw("\" y=\"")
            .number(pixels(TOP + HEIGHT + BOTTOM - 5.0))
            .element("\">", &label, "</text>");
    }
}

fn legend(html: &mut Html, delivered: u64, partial: u64, failures: u64) {
    html.raw("<ul class=\"legend\">");
    for (class, count, what) in [
        ("delivered", delivered, " delivered"),
        ("partial", partial, " delivered in part"),
        ("failures", failures, " failed attempts"),
    ] {
        html.raw("<li><svg aria-hidden=\"true\" width=\"14\" height=\"14\"><rect class=\"")
            .raw(class)
            .raw("\" width=\"14\" height=\"14\"/></svg> <b>")
            .count(count)
            .raw("</b>")
            .raw(what)
            .raw("</li>");
    }
    html.raw("</ul>");
}

fn table(html: &mut Html, stretch: Stretch, tallies: &[Tally]) {
    html.raw("<details class=\"numbers\"><summary>The same as a table</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"")
        .text(&format!("Counts per {}", stretch.name()))
        .raw("\"><table><thead><tr><th scope=\"col\">")
        .text(match stretch {
            Stretch::Hour => "Hour (UTC)",
            Stretch::Day => "Day (UTC)",
        })
        .raw("</th><th scope=\"col\">Delivered</th><th scope=\"col\">In part</th><th scope=\"col\">Failed attempts</th></tr></thead><tbody>");
    let is_worth_a_row = |tally: &&Tally| tally.arrived() + tally.failures > 0;
    for tally in tallies.iter().rev().filter(is_worth_a_row) {
        html.element("<tr><th scope=\"row\">", &stretch.words(tally), "</th>");
        for count in [tally.delivered, tally.partial, tally.failures] {
            html.raw("<td>").count(count).raw("</td>");
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table></div></details>");
}

fn description(
    arrived: u64,
    partial: u64,
    failures: u64,
    stretch: Stretch,
    tallies: &[Tally],
) -> String {
    let since = tallies.first().map(|tally| stretch.words(tally));
    let since = since.unwrap_or_default();
    let mut text = format!(
        "Since {since} UTC: {} sessions delivered, of these {} in part; {} attempts failed.",
        grouped(arrived),
        grouped(partial),
        grouped(failures)
    );
    if let Some(worst) = tallies
        .iter()
        .max_by_key(|tally| tally.failures)
        .filter(|tally| tally.failures > 0)
    {
        let words = stretch.words(worst);
        text.push_str(&format!(" Most of them at {words}."));
    }
    text
}

fn counts_in_words(tally: &Tally) -> String {
    let mut words = format!("{} delivered", grouped(tally.delivered));
    if tally.partial > 0 {
        words.push_str(&format!(", {} in part", grouped(tally.partial)));
    }
    if tally.failures > 0 {
        words.push_str(&format!(", {} failed attempts", grouped(tally.failures)));
    }
    words
}

fn pixels(place: f64) -> String {
    format!("{place:.1}")
}

#[cfg(test)]
mod tests {
    use super::super::scale::tests::tallies;
    use super::*;

    #[test]
    fn a_chart_without_anything_says_so() {
        let mut html = Html::default();
        write(&mut html, "c", Stretch::Hour, &tallies(&[(0, 0, 0)]));
        let text = html.finish();
        assert!(text.contains("Nothing was delivered"), "{text}");
        assert!(!text.contains("<svg"));
    }

    #[test]
    fn a_chart_says_the_same_in_words() {
        let mut html = Html::default();
        let counts = [(3, 1, 0), (0, 0, 0), (0, 0, 1200)];
        write(&mut html, "c", Stretch::Hour, &tallies(&counts));
        let text = html.finish();
        for expected in [
            "4 sessions delivered, of these 1 in part; 1,200 attempts failed. Most of them at 1 Jan, 02:00.",
            "<title>1 Jan, 00:00: 3 delivered, 1 in part</title>",
            "<th scope=\"row\">1 Jan, 02:00</th><td>0</td><td>0</td><td>1,200</td>",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
    }
}
