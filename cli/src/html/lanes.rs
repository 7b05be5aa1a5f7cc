//! A history as a sequence diagram: a lane for each peer, a row for each step, time going down.

use super::text::{NAME_CHARS_MAX, middle, more};
use crate::source::{brief, printable};
use airtight_generators::Event;
use airtight_properties::Film;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// How many peers have a lane.
const LANES_MAX: usize = 16;
/// How much of a name, and of an answer, stands in the diagram.
const LABEL_CHARS_MAX: usize = 16;

const GUTTER: f64 = 34.0;
const LANE: f64 = 124.0;
const ROW: f64 = 22.0;
const HEAD: f64 = 30.0;
/// Room for the labels of the last lane.
const MARGIN: f64 = 44.0;
/// Arrows end before the lane.
const GAP: f64 = 5.0;

struct Lanes<'a> {
    lanes: BTreeMap<&'a str, usize>,
    /// The row in which each message was sent, and by whom.
    sent: BTreeMap<usize, (usize, &'a str)>,
}

/// The diagram; each row leads to its step.
pub(super) fn show(id: &str, film: &Film) -> Markup {
    let lanes: BTreeMap<&str, usize> =
        film.peers.iter().take(LANES_MAX).enumerate().map(|(lane, peer)| (&**peer, lane)).collect();
    let sent = film.frames.iter().enumerate().filter_map(|(row, frame)| match &frame.event {
        Event::Sent { message, from, .. } => Some((*message, (row, &**from))),
        _ => None,
    });
    let drawing = Lanes { lanes, sent: sent.collect() };
    let width = GUTTER + LANE * drawing.lanes.len() as f64 + MARGIN;
    let height = ROW * film.frames.len() as f64 + 6.0;
    let label = format!(
        "sequence diagram of {} peers and {} steps; the list of steps says the same",
        film.peers.len(),
        film.frames.len()
    );
    html! {
        figure.lanes tabindex="0" role="group" aria-label=(label) {
            svg.head width=(width) height=(HEAD) viewBox={ "0 0 " (width) " " (HEAD) } aria-hidden="true" {
                @for (lane, peer) in film.peers.iter().take(LANES_MAX).enumerate() {
                    text.peer x=(x(lane)) y="19" text-anchor="middle" {
                        (printable(&middle(peer, LABEL_CHARS_MAX)))
                        title { (brief(peer, NAME_CHARS_MAX)) }
                    }
                }
            }
            svg.body width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } aria-hidden="true" {
                @for row in 0..film.frames.len() {
                    a.row href={ "#" (id) "-" (row) } tabindex="-1" data-step=(row) {
                        rect x="0" y=(ROW * row as f64) width=(width) height=(ROW) {}
                        text.n x=(GUTTER - 10.0) y=(y(row) + 4.0) text-anchor="end" { (row + 1) }
                    }
                }
                @for lane in 0..drawing.lanes.len() {
                    line.life x1=(x(lane)) y1="0" x2=(x(lane)) y2=(height) {}
                }
                @for (row, frame) in film.frames.iter().enumerate() { (drawing.arrow(row, &frame.event)) }
                @for (row, frame) in film.frames.iter().enumerate() { (drawing.glyph(row, &frame.event)) }
            }
        }
        (more(film.peers.len(), LANES_MAX))
    }
}

fn x(lane: usize) -> f64 {
    GUTTER + LANE * (lane as f64 + 0.5)
}

fn y(row: usize) -> f64 {
    ROW * (row as f64 + 0.5)
}

fn tenth(n: f64) -> String {
    format!("{n:.1}")
}

impl Lanes<'_> {
    fn lane(&self, peer: &str) -> Option<f64> {
        self.lanes.get(peer).map(|lane| x(*lane))
    }

    /// A message from where it was sent to where it arrives.
    fn arrow(&self, row: usize, event: &Event) -> Markup {
        let Event::Delivered { message, to, .. } = event else { return html! {} };
        let Some((sent, from)) = self.sent.get(message) else { return html! {} };
        let (Some(x1), Some(x2)) = (self.lane(from), self.lane(to)) else { return html! {} };
        let (y1, y2) = (y(*sent), y(row));
        let length = (x2 - x1).hypot(y2 - y1).max(1.0);
        let (dx, dy) = ((x2 - x1) / length, (y2 - y1) / length);
        let (tip_x, tip_y) = (x2 - dx * GAP, y2 - dy * GAP);
        let (base_x, base_y) = (tip_x - dx * 8.0, tip_y - dy * 8.0);
        let head = [(tip_x, tip_y), (base_x - dy * 3.5, base_y + dx * 3.5), (base_x + dy * 3.5, base_y - dx * 3.5)];
        let head: Vec<String> = head.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        html! {
            g.message data-message=(message) {
                line x1=(tenth(x1 + dx * GAP)) y1=(tenth(y1 + dy * GAP)) x2=(tenth(base_x)) y2=(tenth(base_y)) {}
                polygon points=(head.join(" ")) {}
            }
        }
    }

    /// What happens at a peer.
    fn glyph(&self, row: usize, event: &Event) -> Markup {
        let Some(x) = self.lane(event.peer()) else { return html! {} };
        let y = y(row);
        let label = |class: &str, text: String| {
            html! { text.label.(class) x=(x + 9.0) y=(y + 4.0) { (printable(&middle(&text, LABEL_CHARS_MAX))) } }
        };
        html! {
            @match event {
                Event::Begun { .. } => { circle.begun cx=(x) cy=(y) r="5" {} (label("begun", "begins".into())) }
                Event::Ran { result, .. } => {
                    rect.ran.bad[result.ret_code != 0] x=(x - 4.5) y=(y - 4.5) width="9" height="9" rx="2" {}
                    @if result.ret_code != 0 { (label("bad", format!("error {}", result.ret_code))) }
                }
                Event::Sent { message, to, .. } => {
                    @let side = if self.lane(to).is_some_and(|to| to < x) { -1.0 } else { 1.0 };
                    circle.sent cx=(x) cy=(y) r="2.5" {}
                    text.label.message x=(x - side * 8.0) y=(y + 4.0)
                        text-anchor=(if side > 0.0 { "end" } else { "start" }) data-message=(message) { (message) }
                }
                Event::Delivered { .. } => circle.got cx=(x) cy=(y) r="2.5" {},
                Event::Answered { answer, .. } => {
                    path.answer.bad[answer.ret_code != 0] d={ "M" (x) " " (y - 5.0) "l5 5-5 5-5-5z" } {}
                    (label("answer", answer_text(answer)))
                }
                Event::Restarted { .. } => {
                    path.crash d={ "M" (x - 4.0) " " (y - 4.0) "l8 8m0-8l-8 8" } {}
                    (label("bad", "crashes".into()))
                }
                Event::Forgot { .. } => {
                    path.crash d={ "M" (x - 4.0) " " (y - 4.0) "l8 8m0-8l-8 8" } {}
                    (label("bad", "loses its data".into()))
                }
            }
        }
    }
}

fn answer_text(answer: &airtight_engine::data::Answer) -> String {
    match answer.ret_code {
        0 => brief(&answer.result, LABEL_CHARS_MAX),
        code => format!("fails: {code}"),
    }
}
