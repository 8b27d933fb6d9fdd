//! The fuzz targets on the seeds that are kept, each changed at random some thousand times: what a build without libFuzzer
//! can do. `cargo xtask fuzz` goes on where this ends.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

#[expect(unreachable_pub, reason = "where libFuzzer is, it is a library")]
#[path = "../fuzz/src/lib.rs"]
mod targets;

#[test]
fn no_target_panics() {
    for (name, target) in targets::TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() >= 2, "`{name}` has few seeds");
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let changed = (0..ROUNDS).map(|_| {
            let mut input = seeds[random.below(seeds.len())].clone();
            (0..=random.below(4)).for_each(|_| change(&mut input, &seeds, &mut random));
            input
        });
        for input in seeds.iter().cloned().chain(changed) {
            let outcome = catch_unwind(AssertUnwindSafe(|| target(&input)));
            assert!(outcome.is_ok(), "`{name}` panics for {:?}", String::from_utf8_lossy(&input));
        }
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// One of the things that libFuzzer does.
fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let end = (at + 1 + random.below(16)).min(input.len());
    let byte = random.below(256).to_le_bytes()[0];
    match random.below(6) {
        0 => input.insert(at, byte),
        1 => drop(input.drain(at.min(end)..end)),
        2 => {
            let copy = input.get(at..end).unwrap_or_default().to_vec();
            let to = random.below(input.len() + 1);
            input.splice(to..to, copy);
        }
        3 => input.truncate(at),
        4 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            input.splice(at.., other.get(from..).unwrap_or_default().iter().copied());
        }
        _ => {
            if let Some(changed) = input.get_mut(at) {
                *changed ^= byte;
            }
        }
    }
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

const ROUNDS: usize = 3_000;
