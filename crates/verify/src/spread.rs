//! Spreads work over threads and gives the results back in the order of the work. Holds few results at a time: who is
//! ahead waits.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Jobs and results that wait for each thread.
const WAITING_MAX: usize = 4;

/// Does `jobs` on this many threads. `worker` makes what one thread works with; `consume` takes the results in order, and
/// the work stops when it returns.
pub(crate) fn in_order<J, R, W, T>(
    threads: usize,
    jobs: impl Iterator<Item = J> + Send,
    worker: impl Fn() -> W + Sync,
    consume: impl FnOnce(&mut dyn Iterator<Item = R>) -> T,
) -> T
where
    J: Send,
    R: Send,
    W: FnMut(J) -> R,
{
    let threads = threads.max(1);
    let worker = &worker;
    thread::scope(|scope| {
        let mut to_workers: Vec<SyncSender<J>> = Vec::with_capacity(threads);
        let mut results: Vec<Receiver<R>> = Vec::with_capacity(threads);
        for _ in 0..threads {
            let (job_in, job_out) = sync_channel::<J>(WAITING_MAX);
            let (result_in, result_out) = sync_channel::<R>(WAITING_MAX);
            to_workers.push(job_in);
            results.push(result_out);
            scope.spawn(move || {
                let mut work = worker();
                // A send fails once nobody consumes any more.
                job_out.iter().try_for_each(|job| result_in.send(work(job))).ok();
            });
        }
        scope.spawn(move || {
            for (nth, job) in jobs.enumerate() {
                if to_workers[nth % threads].send(job).is_err() {
                    break;
                }
            }
        });
        // Job n went to thread n modulo their number, so that is where result n comes from.
        let mut turns = (0..threads).cycle();
        let mut in_turn = std::iter::from_fn(move || results[turns.next()?].recv().ok());
        let consumed = consume(&mut in_turn);
        drop(in_turn);
        consumed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_work() {
        for threads in [0, 1, 2, 3, 8] {
            let doubled = in_order(threads, 0..1_000u64, || |job: u64| job * 2, |results| results.collect::<Vec<_>>());
            assert_eq!(doubled, (0..1_000).map(|job| job * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn work_without_end_stops_when_nobody_wants_more() {
        let first = in_order(3, 0u64.., || |job| job, |results| results.take(5).sum::<u64>());
        assert_eq!(first, 10);
    }
}
