//! Names: vocabularies to spell them, and scopes that know which ones can be read.

use super::config::VocabularyWeights;
use super::uses::UseId;
use crate::Choices;
use std::fmt::Write;

/// What a name names. Iterators are scalars, with names of their own so that valid scripts never hide one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    Scalar,
    Iterator,
    Stream,
    Map,
    Canon,
    CanonMap,
}

impl Sort {
    const COUNT: usize = 6;
}

/// A name: its number within its sort; a vocabulary spells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Name {
    pub(super) sort: Sort,
    pub(super) number: u32,
}

impl Name {
    pub(super) const fn new(sort: Sort, number: u32) -> Self {
        Self { sort, number }
    }
}

const STEMS: usize = 8;
type Stems = [[&'static str; STEMS]; Sort::COUNT];

const VOCABULARIES: [Stems; 4] = [
    [
        ["x", "y", "z", "u", "v", "w", "p", "q"],
        ["i", "j", "k", "l", "m", "n", "it", "el"],
        ["$s", "$t", "$r", "$a", "$b", "$c", "$d", "$e"],
        ["%m", "%n", "%o", "%a", "%b", "%c", "%d", "%e"],
        ["#cs", "#$s", "#ct", "#$t", "#cu", "#$a", "#cv", "#$c"],
        ["#%m", "#%n", "#%o", "#%a", "#%b", "#%c", "#%d", "#%e"],
    ],
    [
        ["user", "token", "relay", "result", "status", "peer-id", "job_2", "callback"],
        ["item", "entry", "node", "elem", "child", "row", "peer_of", "nextly"],
        ["$inbox", "$log", "$results", "$errors", "$peers", "$jobs", "$acks", "$7"],
        ["%users", "%index", "%votes", "%config", "%cache", "%ttl", "%timestamps", "%0"],
        ["#inbox", "#$inbox", "#log", "#$log", "#results", "#$peers", "#peers", "#$7"],
        ["#%users", "#%index", "#%votes", "#%config", "#%cache", "#%log", "#%ttl", "#%0"],
    ],
    [
        ["имя", "größe", "名前", "é", "ключ-2", "λx", "a٣b", "ǅ"],
        ["элемент", "каждый", "行", "ñ", "ß-1", "μ", "x½", "éta"],
        ["$поток", "$лог", "$流", "$é", "$ß", "$λ", "$٣", "$½"],
        ["%карта", "%ключи", "%図", "%é", "%ß", "%λ", "%٣", "%½"],
        ["#поток", "#$поток", "#流", "#$流", "#é", "#$é", "#٣", "#$½"],
        ["#%карта", "#%ключи", "#%図", "#%é", "#%ß", "#%λ", "#%٣", "#%½"],
    ],
    [
        ["_", "--", "2nd", "+q", "-x", "7-8", "3e4", "nulls"],
        ["i_", "-i", "1st", "+i", "--i", "0x", "-_-", "True"],
        ["$_", "$-", "$1", "$null", "$-1", "$x", "$call", "$0-0"],
        ["%_", "%-", "%1", "%null", "%-1", "%x", "%ttl", "%last_error"],
        ["#x", "#$x", "#_", "#$_", "#1", "#$1", "#seq", "#$seq"],
        ["#%x", "#%_", "#%1", "#%-", "#%null", "#%length", "#%-1", "#%seq"],
    ],
];

/// Spells the names of one script.
#[derive(Clone, Debug)]
pub(super) struct Vocabulary {
    stems: &'static Stems,
    /// The spellings beyond the stems.
    more: [Vec<String>; Sort::COUNT],
}

impl Vocabulary {
    pub(super) fn draw(choices: &mut impl Choices, weights: &VocabularyWeights) -> Self {
        let stems = &VOCABULARIES[choices.weighted(&weights.rows())];
        Self { stems, more: Default::default() }
    }

    /// Makes sure that a name has a spelling.
    pub(super) fn learn(&mut self, name: Name) {
        let Some(beyond) = (name.number as usize).checked_sub(STEMS) else { return };
        let (stems, more) = (&self.stems[name.sort as usize], &mut self.more[name.sort as usize]);
        while more.len() <= beyond {
            let number = more.len() + STEMS;
            let mut spelling = String::from(stems[number % STEMS]);
            let _ = write!(spelling, "_{}", number / STEMS);
            more.push(spelling);
        }
    }

    /// The spelling of a name that was learnt.
    pub(super) fn spell(&self, name: Name) -> &str {
        let (number, sort) = (name.number as usize, name.sort as usize);
        match number.checked_sub(STEMS) {
            None => self.stems[sort][number],
            Some(beyond) => &self.more[sort][beyond],
        }
    }
}

/// Whether a name can stand in the brackets of a lens.
pub(super) fn fits_lens(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit() || c == '+')
}

/// A name that can be read here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visible {
    pub(super) name: Name,
    /// What its value is used as; `None` if nothing is known of it.
    pub(super) origin: Option<UseId>,
    /// It has a value wherever what comes after it is sure to run.
    pub(super) is_sure: bool,
}

/// What is known of a stream or map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grower {
    /// When it was first mentioned.
    birth: u32,
    /// What its values are used as, once something was written; `None` where they differ.
    pub(super) values: Option<UseId>,
    /// How many instructions write to it.
    pub(super) writes: u32,
    /// It holds something wherever what comes after it is sure to run.
    pub(super) is_sure: bool,
    /// A key of a map that holds something.
    pub(super) key: Option<&'static str>,
}

impl Grower {
    const fn new(birth: u32) -> Self {
        Self { birth, values: None, writes: 0, is_sure: false, key: None }
    }
}

/// An open fold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fold {
    pub(super) iterator: Name,
    /// The stream or map that it is over.
    pub(super) over: Option<Name>,
    pub(super) next: NextOf,
    /// Streams and maps born up to here may not be written in it, so that every run ends.
    pub(super) floor: u32,
    marks: [usize; 3],
}

/// Where the `next` of a fold stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NextOf {
    /// Nowhere yet, and it need not.
    Free,
    /// Somewhere to come.
    Owed,
    /// Somewhere before.
    Written,
}

/// What can be read at a place, for scripts that keep the static rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    scalars: Vec<Visible>,
    canons: Vec<Visible>,
    canon_maps: Vec<Visible>,
    streams: Vec<Visible>,
    maps: Vec<Visible>,
    /// For each sort, how many names were ever defined: they are numbered in that order.
    defined: [u32; Sort::COUNT],
    /// What is known of each stream and each map.
    growers: [Vec<Grower>; 2],
    born: u32,
    /// What was known of streams and maps that open `new`s hide.
    hidden: Vec<(Name, Grower)>,
    /// What open `new`s declare and that still wants a value.
    declared: Vec<Name>,
    pub(super) folds: Vec<Fold>,
}

impl Scope {
    /// Forgets everything but the room it took.
    pub(super) fn clear(&mut self) {
        let Self { scalars, canons, canon_maps, streams, maps, defined, growers, born, hidden, declared, folds } = self;
        for visible in [scalars, canons, canon_maps, streams, maps] {
            visible.clear();
        }
        for growers in growers {
            growers.clear();
        }
        (*defined, *born) = ([0; Sort::COUNT], 0);
        hidden.clear();
        declared.clear();
        folds.clear();
    }

    pub(super) fn visible(&self, sort: Sort) -> &[Visible] {
        match sort {
            Sort::Scalar | Sort::Iterator => &self.scalars,
            Sort::Canon => &self.canons,
            Sort::CanonMap => &self.canon_maps,
            Sort::Stream => &self.streams,
            Sort::Map => &self.maps,
        }
    }

    fn visible_mut(&mut self, sort: Sort) -> &mut Vec<Visible> {
        match sort {
            Sort::Scalar | Sort::Iterator => &mut self.scalars,
            Sort::Canon => &mut self.canons,
            Sort::CanonMap => &mut self.canon_maps,
            Sort::Stream => &mut self.streams,
            Sort::Map => &mut self.maps,
        }
    }

    /// How many names of this sort were ever defined.
    pub(super) const fn defined(&self, sort: Sort) -> u32 {
        self.defined[sort as usize]
    }

    /// A name that was never defined before; it counts as defined from now on, but is not visible.
    pub(super) fn fresh(&mut self, sort: Sort) -> Name {
        let number = self.defined[sort as usize];
        self.defined[sort as usize] += 1;
        if matches!(sort, Sort::Stream | Sort::Map) {
            self.growers[usize::from(sort == Sort::Map)].push(Grower::new(self.born));
            self.born += 1;
        }
        Name::new(sort, number)
    }

    pub(super) fn grower(&self, name: Name) -> Grower {
        self.growers[usize::from(name.sort == Sort::Map)][name.number as usize]
    }

    pub(super) fn grower_mut(&mut self, name: Name) -> &mut Grower {
        &mut self.growers[usize::from(name.sort == Sort::Map)][name.number as usize]
    }

    fn birth(&self, name: Name) -> u32 {
        self.grower(name).birth
    }

    /// From here on the name can be read.
    pub(super) fn show(&mut self, name: Name, origin: Option<UseId>, is_sure: bool) {
        if matches!(name.sort, Sort::Stream | Sort::Map) {
            let grower = self.grower_mut(name);
            grower.values = if grower.writes > 0 && grower.values != origin { None } else { origin };
            grower.writes += 1;
            grower.is_sure |= is_sure;
        }
        let known = self.visible_mut(name.sort);
        match known.last_mut() {
            Some(last) if last.name == name => last.is_sure |= is_sure,
            _ => known.push(Visible { name, origin, is_sure }),
        }
    }

    /// Whether a stream or map may be written here without any fold going on for ever.
    pub(super) fn may_write(&self, name: Name) -> bool {
        self.folds.last().is_none_or(|fold| self.birth(name) >= fold.floor)
    }

    /// Whether the stream or map last written to was written to before.
    pub(super) fn is_ripe(&self) -> bool {
        [&self.streams, &self.maps]
            .into_iter()
            .filter_map(|known| known.last())
            .any(|last| self.grower(last.name).writes > 1)
    }

    pub(super) fn open_fold(&mut self, iterator: Name, over: Option<Name>, next: NextOf) {
        let outer = self.folds.last().map_or(0, |fold| fold.floor);
        let floor = over.map_or(outer, |over| outer.max(self.birth(over) + 1));
        let marks = [self.scalars.len(), self.canons.len(), self.canon_maps.len()];
        self.folds.push(Fold { iterator, over, next, floor, marks });
    }

    /// The folds around that a `next` or a write may refer to, the innermost first, with their indices.
    pub(super) fn near_folds(&self) -> impl Iterator<Item = (usize, &Fold)> {
        self.folds.iter().enumerate().rev().take(NEAR)
    }

    pub(super) fn close_fold(&mut self) {
        let Some(fold) = self.folds.pop() else { return };
        let [scalars, canons, canon_maps] = fold.marks;
        self.scalars.truncate(scalars);
        self.canons.truncate(canons);
        self.canon_maps.truncate(canon_maps);
    }

    pub(super) fn open_new(&mut self, name: Name) {
        self.declared.push(name);
        if matches!(name.sort, Sort::Stream | Sort::Map) {
            let outer = self.grower(name);
            self.hidden.push((name, outer));
            *self.grower_mut(name) = Grower::new(outer.birth);
        }
    }

    /// A name of this sort that a `new` around declares and that still wants a value.
    pub(super) fn declared(&self, sort: Sort) -> Option<Name> {
        self.declared.iter().rev().take(NEAR).copied().find(|name| name.sort == sort)
    }

    /// A declared scalar or canon got its value.
    pub(super) fn settle(&mut self, name: Name) {
        if let Some(i) = self.declared.iter().rposition(|&declared| declared == name) {
            self.declared.remove(i);
        }
    }

    /// Ends the `new` of a name: what it named inside of it cannot be read any more.
    pub(super) fn close_new(&mut self, name: Name, visible_before: usize) {
        self.settle(name);
        if let Some((_, outer)) = self.hidden.pop_if(|(hidden, _)| *hidden == name) {
            *self.grower_mut(name) = outer;
        }
        let known = self.visible_mut(name.sort);
        let before = visible_before.min(known.len());
        // Forgetting too much is harmless, and keeps deep scripts linear.
        if known.len() - before > KEPT_MAX {
            known.truncate(before);
        }
        for i in (before..known.len()).rev() {
            if known[i].name == name {
                known.remove(i);
            }
        }
    }
}

/// How far outwards folds and declarations are searched.
const NEAR: usize = 4;
/// How many names are kept at the end of a `new`.
const KEPT_MAX: usize = 64;
