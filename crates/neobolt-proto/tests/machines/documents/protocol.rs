use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use neobolt_proto::message::RequestKind;
use neobolt_proto::message::schema::{Field, Message};
use neobolt_proto::state::{Outcome, State, Streams, interrupted, next};
use neobolt_proto::structure::table::FORMS;
use neobolt_proto::version::Capabilities;
use neobolt_proto::{ClientHandshake, ServerHandshake, Version};

use super::check;

const NOTE: &str = "Printed from the tables in `crates/neobolt-proto` by\n\
    `WRITE_DOCS=1 cargo test -p neobolt-proto --test machines documents`; without `WRITE_DOCS` it is checked.\n";

/// All versions, oldest first.
fn versions() -> Vec<&'static Capabilities> {
    let mut versions: Vec<_> = Version::supported().filter_map(Version::capabilities).collect();
    versions.reverse();
    versions
}

fn newest() -> &'static Capabilities {
    Version::NEWEST.capabilities().unwrap()
}

/// Names the versions that `has` holds for: `all`, `from 5.1`, `3.0 to 5.0`, `4.3 and 4.4`.
fn span(has: impl Fn(&Capabilities) -> bool) -> String {
    let all = versions();
    let having: Vec<String> = all.iter().filter(|it| has(it)).map(|it| it.version.to_string()).collect();
    let (first, last) = (having.first().cloned(), having.last().cloned());
    let (Some(first), Some(last)) = (first, last) else { return "none".into() };
    let at = |text: &str| all.iter().position(|it| it.version.to_string() == text).unwrap();
    assert_eq!(at(&last) - at(&first) + 1, having.len(), "versions that have a thing are neighbours");
    match (at(&first) == 0, at(&last) + 1 == all.len(), having.len()) {
        (true, true, _) => "all".into(),
        (_, true, _) => format!("from {first}"),
        (_, _, 1) => first,
        (_, _, 2) => format!("{first} and {last}"),
        _ => format!("{first} to {last}"),
    }
}

#[test]
fn messages() {
    let mut text = format!("# Messages\n\n{NOTE}\n");
    text +=
        "*Left out* says what is meant when an entry is not there; such an entry is never sent with that meaning.\n\n";
    text += "## Requests\n\n| request | tag | fields | versions |\n|---|---|---|---|\n";
    for kind in RequestKind::ALL {
        summary(&mut text, kind.message());
    }
    text += "\nBefore 4.0, PULL and DISCARD are named PULL_ALL and DISCARD_ALL.\n";
    text += "\n## Responses\n\n| response | tag | fields | versions |\n|---|---|---|---|\n";
    for message in Message::RESPONSES {
        summary(&mut text, message);
    }
    for kind in RequestKind::ALL {
        let message = kind.message();
        if message.fields.is_empty() && message.answer.is_empty() {
            continue;
        }
        writeln!(text, "\n## {}\n", message.name).unwrap();
        if message.fields.is_empty() {
            text += "It has no fields.\n";
        } else {
            table(&mut text, message.fields, &|it| message.is_in(it));
        }
        if !message.answer.is_empty() {
            writeln!(text, "\nThe metadata of its SUCCESS:\n").unwrap();
            table(&mut text, message.answer, &|it| message.is_in(it));
        }
    }
    for message in Message::RESPONSES.into_iter().filter(|it| !it.fields.is_empty()) {
        writeln!(text, "\n## {}\n", message.name).unwrap();
        table(&mut text, message.fields, &|_| true);
    }
    check("protocol/messages.md", &text);
}

fn summary(text: &mut String, message: &Message) {
    let fields: Vec<&str> = message.fields.iter().map(|field| field.name).collect();
    let versions = span(|it| message.is_in(it));
    writeln!(text, "| {} | `{:02X}` | {} | {versions} |", message.name, message.tag, fields.join(", ")).unwrap();
}

fn table(text: &mut String, fields: &[&Field], has: &dyn Fn(&Capabilities) -> bool) {
    *text += "| entry | type | left out | versions |\n|---|---|---|---|\n";
    rows_of(text, fields, "", has);
}

fn rows_of(text: &mut String, fields: &[&Field], within: &str, has: &dyn Fn(&Capabilities) -> bool) {
    for field in fields {
        let has = |it: &Capabilities| has(it) && field.is_in(it);
        let default = field.default.unwrap_or("*never*");
        writeln!(text, "| {within}`{}` | `{}` | {default} | {} |", field.name, field.kind, span(has)).unwrap();
        rows_of(text, field.entries, &format!("{within}`{}` › ", field.name), &has);
    }
}

#[test]
fn structures() {
    let mut text = format!("# Structures\n\n{NOTE}\n");
    text += "| structure | tag | fields | sent by | versions | with the UTC patch |\n|---|---|---|---|---|---|\n";
    for form in &FORMS {
        let tag = form.tag.map_or("marker `E0`".into(), |tag| format!("`{tag:02X}` `{}`", char::from(tag)));
        let by = if form.both_ways { "both" } else { "servers" };
        let versions = span(|it| form.is_in(it, false));
        let patched = span(|it| form.is_in(it, true));
        let patched = if patched == versions { "" } else { &patched };
        let fields = form.fields.join(", ");
        writeln!(text, "| {} | {tag} | {fields} | {by} | {versions} | {patched} |", form.name).unwrap();
    }
    text += "\nThe UTC patch is negotiated by HELLO's `patch_bolt`.\n";
    check("protocol/structures.md", &text);
}

/// Everything that a version has: what, and in which messages.
fn inventory(it: &Capabilities) -> BTreeSet<(String, String)> {
    fn enter(set: &mut BTreeSet<(String, String)>, it: &Capabilities, within: &str, fields: &[&Field]) {
        for field in fields.iter().filter(|field| field.is_in(it)) {
            set.insert((format!("`{}` in ", field.name), within.into()));
            enter(set, it, within, field.entries);
        }
    }
    let mut set = BTreeSet::new();
    let requests = RequestKind::ALL.map(RequestKind::message);
    for message in requests.into_iter().filter(|message| message.is_in(it)) {
        set.insert((message.name.into(), String::new()));
        enter(&mut set, it, message.name, message.fields);
        enter(&mut set, it, &format!("the answer to {}", message.name), message.answer);
    }
    for message in Message::RESPONSES {
        enter(&mut set, it, message.name, message.fields);
    }
    for form in FORMS.iter().filter(|form| form.is_in(it, false)) {
        let tag = form.tag.map(|tag| format!(" `{}` of {} fields", char::from(tag), form.fields.len()));
        set.insert((format!("{}{}", form.name, tag.unwrap_or_default()), String::new()));
    }
    if it.paging {
        set.insert(("several open results in a transaction".into(), String::new()));
    }
    set
}

/// Lists what stands in `these` and not in `those`, but for the fields of whole messages.
fn difference(these: &BTreeSet<(String, String)>, those: &BTreeSet<(String, String)>) -> String {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let whole = |name: &str| {
        let message = (name.trim_start_matches("the answer to ").to_string(), String::new());
        these.contains(&message) && !those.contains(&message)
    };
    for (what, place) in these.difference(those).filter(|(_, place)| !whole(place)) {
        places.entry(what).or_default().push(place);
    }
    places.into_iter().map(|(what, places)| format!("{what}{}", places.join(", "))).collect::<Vec<_>>().join("; ")
}

#[test]
fn index() {
    let mut text = format!("# The Bolt protocol, as neobolt speaks it\n\n{NOTE}\n");
    text += "* [messages.md](messages.md): requests and responses, their fields, and what is left out\n\
        * [structures.md](structures.md): values that are more than PackStream knows\n\
        * [states.md](states.md): which request is answered how in which state\n\n";
    text += "## Handshake\n\n";
    let mut opening = Vec::new();
    let _ = ClientHandshake::start(Version::NEWEST, &mut opening);
    let mut manifest = Vec::new();
    let _ = ServerHandshake::new().handle_input(&mut &opening[..], &mut manifest);
    writeln!(text, "```text\nC: {}\nS: {}\n```\n", hex(&opening), hex(&manifest)).unwrap();
    text += "The client offers manifest v1 and the legacy slots; the server answers with its manifest. The client's choice has no answer.\n\n";
    text += "## What each version changed\n\nThe oldest that is spoken is 3.0.\n";
    text += "\n| version | new | gone |\n|---|---|---|\n";
    for pair in versions().windows(2) {
        let (before, now) = (inventory(pair[0]), inventory(pair[1]));
        let (new, gone) = (difference(&now, &before), difference(&before, &now));
        writeln!(text, "| {} | {new} | {gone} |", pair[1].version).unwrap();
    }
    check("protocol/README.md", &text);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ")
}

/// Every transition that a version has: all states, requests and outcomes are tried.
fn transitions(it: &Capabilities) -> Vec<(State, RequestKind, Outcome, State)> {
    let mut rows = Vec::new();
    for state in State::ALL {
        for request in RequestKind::ALL {
            for outcome in Outcome::ALL {
                rows.extend(next(state, request, outcome, it).map(|end| (state, request, outcome, end)));
            }
        }
    }
    rows
}

/// The rows of a table: requests that are answered alike share one, and so do outcomes that do not matter.
fn rows(it: &Capabilities) -> Vec<(State, Vec<RequestKind>, &'static str, State)> {
    let all = transitions(it);
    let mut rows: Vec<(State, Vec<RequestKind>, &'static str, State)> = Vec::new();
    for (state, request, outcome, end) in &all {
        // A request that never succeeds there breaks the protocol; this is said once, below the table.
        let succeeds = all.iter().any(|(s, r, o, _)| (s, r) == (state, request) && matches!(o, Outcome::Success(_)));
        if !succeeds && *outcome == Outcome::Failure {
            continue;
        }
        let same = |streams| all.contains(&(*state, *request, Outcome::Success(streams), *end));
        let answer = match outcome {
            Outcome::Success(Streams::Open) if same(Streams::None) => continue,
            Outcome::Success(Streams::None) if !same(Streams::Open) => "SUCCESS, no result open",
            Outcome::Success(Streams::None) => "SUCCESS",
            Outcome::Success(Streams::Open) => "SUCCESS, results open",
            Outcome::Failure => "FAILURE",
            Outcome::Ignored => "IGNORED",
        };
        match rows.iter_mut().find(|row| (row.0, row.2, row.3) == (*state, answer, *end)) {
            Some(row) => row.1.push(*request),
            None => rows.push((*state, vec![*request], answer, *end)),
        }
    }
    rows
}

#[test]
fn states() {
    let mut text = format!("# States\n\n{NOTE}\n");
    text += "The states are the server's. A client follows them twice: where the answers so far have led, and where those in flight will \
        have led if none fails; the second decides what it may send.\n";
    text += "\n## Transitions\n\n| state | request | answer | next state |\n|---|---|---|---|\n";
    for (state, requests, answer, end) in rows(newest()) {
        writeln!(text, "| {state} | {} | {answer} | {end} |", names(&requests)).unwrap();
    }
    text += "\nGOODBYE has no answer and ends every state in DEFUNCT. A request that has no SUCCESS in a state breaks the protocol: the server \
        answers FAILURE and closes. When a RESET arrives, before its turn comes, the state changes at once:\n\n\
        | state | signal | next state |\n|---|---|---|\n";
    for state in State::ALL {
        if let Some(end) = interrupted(state) {
            writeln!(text, "| {state} | `<INTERRUPT>` | {end} |").unwrap();
        }
    }
    text += "\n## In older versions\n\n| version | has not | has instead |\n|---|---|---|\n";
    let newest_rows = lines(newest());
    let mut groups: BTreeMap<(Vec<String>, Vec<String>), Vec<&Capabilities>> = BTreeMap::new();
    for it in versions() {
        let rows = lines(it);
        let missing = newest_rows.difference(&rows).cloned().collect();
        let other = rows.difference(&newest_rows).cloned().collect();
        groups.entry((missing, other)).or_default().push(it);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, versions)| std::cmp::Reverse(versions[0].version));
    for ((missing, other), group) in groups {
        let versions = span(|it| group.iter().any(|one| one.version == it.version));
        let cell = |lines: &[String]| if lines.is_empty() { "–".into() } else { lines.join("<br>") };
        writeln!(text, "| {versions} | {} | {} |", cell(&missing), cell(&other)).unwrap();
    }
    text += "\n## What a client may send\n\nAlong the arrows it may pipeline, as long as nothing fails.\n\n";
    diagram(
        &mut text,
        |state, _, outcome| outcome.starts_with("SUCCESS") && state != State::Interrupted,
        |requests, _| requests.into(),
    );
    text += "\n## What a server answers\n\n";
    diagram(
        &mut text,
        |_, request, outcome| outcome != "IGNORED" && request != RequestKind::Goodbye,
        |requests, outcome| format!("{requests} → {}", outcome.split(',').next().unwrap_or_default()),
    );
    check("protocol/states.md", &text);
}

fn names(requests: &[RequestKind]) -> String {
    requests.iter().map(RequestKind::to_string).collect::<Vec<_>>().join(", ")
}

/// The rows of the table, each request for itself.
fn lines(it: &Capabilities) -> BTreeSet<String> {
    let row = |(state, requests, answer, end): (State, Vec<RequestKind>, &'static str, State)| {
        let line = move |request: RequestKind| format!("{state}: {request} → {answer} → {end}");
        // What is ignored is ignored wherever it is known.
        let requests = if answer == "IGNORED" { Vec::new() } else { requests };
        requests.into_iter().map(line)
    };
    rows(it).into_iter().flat_map(row).collect()
}

fn diagram(text: &mut String, shown: impl Fn(State, RequestKind, &str) -> bool, label: impl Fn(&str, &str) -> String) {
    let mut arrows: BTreeMap<(State, State), Vec<String>> = BTreeMap::new();
    let mut rows = rows(newest());
    for (state, requests, answer, end) in &mut rows {
        requests.retain(|request| shown(*state, *request, answer));
        if !requests.is_empty() {
            arrows.entry((*state, *end)).or_default().push(label(&names(requests), answer));
        }
    }
    let ends = arrows.keys().any(|(_, end)| *end == State::Defunct);
    *text += "```mermaid\nstateDiagram-v2\n    [*] --> NEGOTIATION\n";
    for ((start, end), labels) in arrows {
        writeln!(text, "    {start} --> {end}: {}", labels.join("<br>")).unwrap();
    }
    if ends {
        for state in State::ALL.into_iter().filter(|it| interrupted(*it).is_some_and(|end| end != *it)) {
            writeln!(text, "    {state} --> INTERRUPTED: (RESET arrives)").unwrap();
        }
        *text += "    DEFUNCT --> [*]\n";
    }
    *text += "```\n";
}
