//! Seeded dice for generated records (SplitMix64, by Steele, Lea and Flood): the same seed, stream and number give the same
//! throws on every machine. Never used where something has to be unpredictable.

/// Dice of one generated record.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of record `number` in `stream`. Each record has its own, so that any of them can be made alone.
    pub(crate) fn new(seed: u64, stream: &str, number: u64) -> Self {
        // FNV-1a keeps streams of one seed apart.
        let stream = stream
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mut dice = Self(seed ^ stream);
        dice.0 = dice.next() ^ number;
        dice.0 = dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 to `bound` - 1. The bias of the multiplication is far below anything to be seen in a demo.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).unwrap_or_default()
    }

    /// `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(width)).unwrap_or_default()
    }

    /// True so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of them, each as likely as the others.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let place = self.below(from.len() as u64);
        &from[usize::try_from(place).unwrap_or_default()]
    }

    /// One of them, the first most likely, the last least: as family names and rich customers are.
    pub(crate) fn pick_early<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let (one, other) = (self.below(from.len() as u64), self.below(from.len() as u64));
        &from[usize::try_from(one.min(other)).unwrap_or_default()]
    }

    /// A log-normal amount: half of them below `median`, a few far above. Rounded to `unit` yen, at least one unit.
    pub(crate) fn amount(&mut self, median: i64, spread: f64, unit: i64) -> i64 {
        // The sum of twelve even throws is normal enough here, and adds up alike on every machine.
        let sum: f64 = (0..12).map(|_| self.below(1 << 32) as f64 / 4_294_967_296.0).sum();
        let units = (median as f64 * ((sum - 6.0) * spread).exp() / unit as f64).round();
        // Both casts stay far below 2^53: amounts of yen.
        (units as i64).max(1) * unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_throw_alike_and_other_seeds_streams_and_numbers_do_not() {
        let throws = |seed, stream, number| {
            let mut dice = Dice::new(seed, stream, number);
            std::array::from_fn::<u64, 4, _>(|_| dice.next())
        };
        assert_eq!(throws(1, "customer", 7), throws(1, "customer", 7));
        for other in [throws(2, "customer", 7), throws(1, "contact", 7), throws(1, "customer", 8)] {
            assert_ne!(other, throws(1, "customer", 7));
        }
    }

    #[test]
    fn amounts_scatter_around_their_median() {
        let amounts = (0..2_000).map(|number| Dice::new(9, "amount", number).amount(1_000_000, 1.0, 1_000));
        let (below, above): (Vec<i64>, Vec<i64>) = amounts.partition(|amount| *amount < 1_000_000);
        assert!(below.len().abs_diff(above.len()) < 200, "{} below, {} above", below.len(), above.len());
        assert!(below.iter().all(|amount| *amount > 0 && amount % 1_000 == 0));
        assert!(above.iter().any(|amount| *amount > 5_000_000), "a few are far above");
    }
}
