//! Everything that is checked of foreign data, once, so that nobody has to check anything later.
//!
//! Each check is one pass over one array. What the passes accept may still not be canonical in its bytes (white space,
//! order of fields): [`decode`](super::decode) compares those in the end.

use std::sync::Arc;

use super::error::{DataError, Holder, StoreName};
use super::form::{CallForm, CanonForm, SharedForm, ValueText};
use super::id::ContentId;
use super::shared::Shared;
use super::stores::{CanonResult, Index, Outcome, ResultIx, ServiceResult, Store, StoredValue, Stores};
use super::trace::{Ends, Trace};
use crate::value::{Json, surely_canonical};

/// How much of a value an error shows.
const SHOWN_CHARS_MAX: usize = 60;

/// The shared part that a form means, if it is canonical.
pub(super) fn check(form: SharedForm) -> Result<Shared, DataError> {
    let SharedForm { values, tetraplets, calls, canons, trace } = form;
    let mut stores = Stores::default();
    for (index, ValueText(text)) in values.into_iter().enumerate() {
        let id = ContentId::of_value(&text);
        push(&mut stores.values, StoreName::Values, id, value(index, text)?)?;
    }
    for tetraplet in tetraplets {
        push(&mut stores.tetraplets, StoreName::Tetraplets, ContentId::of_tetraplet(&tetraplet), tetraplet)?;
    }
    let mut named =
        Named { values: vec![false; stores.values.len()], tetraplets: vec![false; stores.tetraplets.len()] };
    for (index, form) in calls.into_iter().enumerate() {
        let call = named.call(index, form)?;
        let id = stores.call_id(&call);
        push(&mut stores.calls, StoreName::Calls, id, call)?;
    }
    for (index, form) in canons.into_iter().enumerate() {
        let canon = named.canon(index, form)?;
        let id = stores.canon_id(&canon);
        push(&mut stores.canons, StoreName::Canons, id, canon)?;
    }
    all_named(StoreName::Values, &named.values)?;
    all_named(StoreName::Tetraplets, &named.tetraplets)?;
    let mut trace = trace.0;
    check_structure(&mut trace)?;
    check_claims(&trace, &stores)?;
    trace.blocks = count_blocks(&trace)?;
    Ok(Shared::from_parts(stores, trace))
}

fn value(index: usize, text: Arc<str>) -> Result<StoredValue, DataError> {
    if let Some(depth) = surely_canonical(&text) {
        return Ok(StoredValue::from_canonical(text, depth));
    }
    let json = Json::parse(text.as_bytes()).map_err(|error| DataError::Value { index, error })?;
    let expected = json.to_text();
    if *expected == *text {
        Ok(StoredValue::new(json, text))
    } else {
        Err(DataError::ValueForm { index, expected: expected.chars().take(SHOWN_CHARS_MAX).collect() })
    }
}

fn push<T>(store: &mut Store<T>, name: StoreName, id: ContentId, entry: T) -> Result<(), DataError> {
    let index = store.len();
    if store.push(id, entry) { Ok(()) } else { Err(DataError::StoreOrder { store: name, index }) }
}

/// Which values and tetraplets something names.
struct Named {
    values: Vec<bool>,
    tetraplets: Vec<bool>,
}

impl Named {
    fn call(&mut self, index: usize, form: CallForm) -> Result<ServiceResult, DataError> {
        let CallForm { value, failure, tetraplet, arguments, output } = form;
        let holder = Holder::Call(index);
        let outcome = match (value, failure) {
            (Some(value), None) => Outcome::Value(name(&mut self.values, StoreName::Values, holder, value)?),
            (None, Some(value)) => Outcome::Failure(name(&mut self.values, StoreName::Values, holder, value)?),
            (Some(_), Some(_)) | (None, None) => return Err(DataError::Outcome { index }),
        };
        let tetraplet = name(&mut self.tetraplets, StoreName::Tetraplets, holder, tetraplet)?;
        Ok(ServiceResult { outcome, tetraplet, arguments, output })
    }

    fn canon(&mut self, index: usize, form: CanonForm) -> Result<CanonResult, DataError> {
        let holder = Holder::Canon(index);
        let tetraplet = name(&mut self.tetraplets, StoreName::Tetraplets, holder, form.tetraplet)?;
        let elements = form.elements.into_iter().map(|(value, origin)| {
            let value = name(&mut self.values, StoreName::Values, holder, value)?;
            Ok((value, name(&mut self.tetraplets, StoreName::Tetraplets, holder, origin)?))
        });
        Ok(CanonResult { tetraplet, elements: elements.collect::<Result<_, DataError>>()? })
    }
}

/// Notes that `holder` names the entry at `index`.
fn name<T>(named: &mut [bool], store: StoreName, holder: Holder, index: usize) -> Result<Index<T>, DataError> {
    let len = named.len();
    let Some(named) = named.get_mut(index) else { return Err(DataError::OutOfRange { holder, store, index, len }) };
    *named = true;
    Ok(Index::new(index))
}

fn all_named(store: StoreName, named: &[bool]) -> Result<(), DataError> {
    named.iter().position(|named| !named).map_or(Ok(()), |index| Err(DataError::Unreferenced { store, index }))
}

/// Checks how places nest and turns the sizes of children into their ends.
fn check_structure(trace: &mut Trace) -> Result<(), DataError> {
    let places = trace.places.len();
    // Where the segments around the current place end, the innermost last.
    let mut open = vec![places];
    let mut start = Ends::default();
    for (place, ends) in trace.places.iter().enumerate() {
        while open.last() == Some(&place) {
            open.pop();
        }
        let segment_end = open.last().copied().unwrap_or(places);
        let children = trace.children.get_mut(start.children..ends.children).unwrap_or_default();
        if !children.is_sorted_by(|a, b| a.branch < b.branch) {
            return Err(DataError::ChildOrder { place });
        }
        let mut end = place + 1;
        for child in &mut *children {
            let size = child.end;
            if size == 0 {
                return Err(DataError::EmptyChild { place });
            }
            let fits = end.checked_add(size).filter(|end| *end <= segment_end);
            end = fits.ok_or(DataError::ChildSize { place })?;
            child.end = end;
        }
        if *ends == start && place + 1 == segment_end {
            return Err(DataError::EmptyLast { place });
        }
        open.extend(children.iter().rev().map(|child| child.end));
        start = *ends;
    }
    Ok(())
}

/// Checks what claims point to, and that everything is pointed to.
fn check_claims(trace: &Trace, stores: &Stores) -> Result<(), DataError> {
    let (mut calls, mut canons) = (vec![false; stores.calls.len()], vec![false; stores.canons.len()]);
    let claims = trace.claims.len();
    for (index, place) in trace.flat().enumerate() {
        for claim in place.claims() {
            let holder = Holder::Place(index);
            match claim.result {
                ResultIx::Call(call) => drop(name::<()>(&mut calls, StoreName::Calls, holder, call.position())?),
                ResultIx::Canon(canon) => drop(name::<()>(&mut canons, StoreName::Canons, holder, canon.position())?),
            }
            if claim.at >= claims {
                return Err(DataError::BlockRange { place: index, at: claim.at, claims });
            }
        }
        if !place.claims().is_sorted_by(|a, b| a.result < b.result) {
            return Err(DataError::ClaimOrder { place: index });
        }
    }
    all_named(StoreName::Calls, &calls)?;
    all_named(StoreName::Canons, &canons)
}

/// The number of blocks, if none is missing.
fn count_blocks(trace: &Trace) -> Result<usize, DataError> {
    let mut taken = vec![false; trace.claims.len()];
    for claim in &trace.claims {
        if let Some(taken) = taken.get_mut(claim.at) {
            *taken = true;
        }
    }
    let blocks = taken.iter().rposition(|taken| *taken).map_or(0, |last| last + 1);
    match taken.iter().take(blocks).position(|taken| !taken) {
        None => Ok(blocks),
        Some(block) => Err(DataError::BlockGap { block }),
    }
}
