//! What values are used as, so that a script does not ask two things of one value that no service can answer at once.
//!
//! Each value belongs to a *use*. The first demand on it decides what kind of value it is; later demands of another kind
//! look for another value. Calls of one function share a use, as they share answers.

/// A use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct UseId(u32);

/// What kind of value a use asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Demand {
    /// Nothing yet, or anything.
    Any,
    /// A string or number, compared or used as a name.
    Plain,
    /// A peer.
    Peer,
    /// The number of an element.
    Index,
    /// An array.
    List,
    /// An array of which only the first element is sure to be there.
    ShortList,
    /// An object.
    Record,
    /// An object with a key and a value.
    Entry,
    /// An error object.
    Error,
}

#[derive(Clone, Copy, Debug)]
struct Use {
    demand: Demand,
    elements: Option<UseId>,
}

/// The uses of one script.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    uses: Vec<Use>,
    fields: Vec<(UseId, &'static str, UseId)>,
    functions: Vec<(u32, UseId)>,
}

impl Uses {
    /// Forgets everything but the room it took.
    pub(super) fn clear(&mut self) {
        let Self { uses, fields, functions } = self;
        uses.clear();
        fields.clear();
        functions.clear();
    }

    pub(super) fn fresh(&mut self, demand: Demand) -> UseId {
        self.uses.push(Use { demand, elements: None });
        UseId(self.uses.len() as u32 - 1)
    }

    /// An array of such elements, of which only the first is sure to be there.
    pub(super) fn list_of(&mut self, elements: Option<UseId>) -> UseId {
        let list = self.fresh(Demand::ShortList);
        self.uses[list.0 as usize].elements = elements;
        list
    }

    /// The entries of a map with such values.
    pub(super) fn entry_of(&mut self, value: Option<UseId>) -> UseId {
        let (entry, key) = (self.fresh(Demand::Entry), self.fresh(Demand::Plain));
        self.fields.push((entry, "key", key));
        let value = value.unwrap_or_else(|| self.fresh(Demand::Plain));
        self.fields.push((entry, "value", value));
        entry
    }

    pub(super) fn of_function(&mut self, function: u32) -> UseId {
        if let Some(&(_, known)) = self.functions.iter().find(|&&(known, _)| known == function) {
            return known;
        }
        let fresh = self.fresh(Demand::Any);
        self.functions.push((function, fresh));
        fresh
    }

    pub(super) fn is_called(&self, function: u32) -> bool {
        self.functions.iter().any(|&(known, _)| known == function)
    }

    /// The function whose answers have this use.
    pub(super) fn function(&self, of: UseId) -> Option<u32> {
        self.functions.iter().find(|&&(_, known)| known == of).map(|&(function, _)| function)
    }

    pub(super) fn demand(&self, of: UseId) -> Demand {
        self.uses[of.0 as usize].demand
    }

    /// Whether a value can be used so besides what is asked of it.
    pub(super) fn fits(&self, of: UseId, wanted: Demand) -> bool {
        let known = self.demand(of);
        wanted == Demand::Any
            || known == Demand::Any
            || known == wanted
            || (known, wanted) == (Demand::ShortList, Demand::List)
            || (known, wanted) == (Demand::Entry, Demand::Record)
            || (known, wanted) == (Demand::Peer, Demand::Plain)
    }

    /// Asks this of a value that it fits.
    pub(super) fn ask(&mut self, of: UseId, wanted: Demand) {
        let known = &mut self.uses[of.0 as usize].demand;
        if *known == Demand::Any {
            *known = wanted;
        }
    }

    /// The use of the elements of an array.
    pub(super) fn elements(&mut self, of: UseId) -> UseId {
        self.ask(of, Demand::List);
        if let Some(elements) = self.uses[of.0 as usize].elements {
            return elements;
        }
        // What a short list holds is known when it is made, or nothing is known of it.
        let demand = if self.demand(of) == Demand::ShortList { Demand::Plain } else { Demand::Any };
        let elements = self.fresh(demand);
        self.uses[of.0 as usize].elements = Some(elements);
        elements
    }

    /// The use of a field of an object.
    pub(super) fn field(&mut self, of: UseId, name: &'static str) -> UseId {
        if let Some(&(_, _, field)) = self.fields.iter().find(|&&(object, known, _)| object == of && known == name) {
            return field;
        }
        self.ask(of, Demand::Record);
        let field = self.fresh(Demand::Any);
        self.fields.push((of, name, field));
        field
    }

    /// Whether it is an entry of a map.
    pub(super) fn is_entry(&self, of: UseId) -> bool {
        self.demand(of) == Demand::Entry
    }
}
