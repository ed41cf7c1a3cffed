//! One run from beginning to end, and many of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use qala::domain::policy::{HALL_LEASE, HALLS_RENEWED_EVERY};
use qala::domain::time::Time;

use super::observation::Moment;
use super::scene::{BEGIN, Scene};
use super::world::{Seen, World};

/// What a failure shows of what came before it.
const SHOWN: usize = 120;
/// Longer than anybody acts.
const ACTING: Duration = Duration::from_hours(2);
/// What settles at all has settled by then.
const SETTLING: Duration = Duration::from_mins(20);
/// How often is looked whether everything has.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// More steps than any run needs: something goes round in circles.
const STEPS: u64 = 200_000;

/// The check that a run itself is.
const NO_PANIC: &str = "nothing panics";

/// What a run came to.
pub(crate) struct Report {
    /// Steps taken.
    pub(crate) steps: u64,
    /// Rooms that both entered, and how often somebody entered a hall.
    pub(crate) matches: usize,
    /// Chat messages and signals that were heard.
    pub(crate) heard: usize,
}

/// A run in which a check did not hold.
pub(crate) struct Failure {
    /// Which check.
    pub(crate) check: &'static str,
    /// The seed, what is wrong, and what came before.
    pub(crate) text: String,
}

/// Runs `scene`.
pub(crate) fn run(scene: Scene, trace: bool) -> Result<Report, Failure> {
    let seed = scene.seed;
    let mut world = World::new(scene, SHOWN, trace);
    let ended = catch_unwind(AssertUnwindSafe(|| play(&mut world)));
    let (check, what) = match ended {
        Ok(Ok(())) => (None, String::new()),
        Ok(Err(broken)) => (Some(broken.check), broken.to_string()),
        Err(_) => (Some(NO_PANIC), format!("`{NO_PANIC}` does not hold at step {}", world.step)),
    };
    let what = format!("seed {seed}: {what}");
    let Some(check) = check else { return Ok(report(&world)) };
    let before: Vec<String> = world.trace.iter().map(ToString::to_string).collect();
    let before = if trace { String::new() } else { before.join("\n") };
    let text = format!("{what}\n{:?}\nwhat came before:\n{before}\n{what}", world.scene);
    Err(Failure { check, text })
}

/// Everything that is seen in a run of `scene`, which must be one without a failure.
pub(crate) fn record(scene: Scene) -> Vec<Moment> {
    let mut world = World::new(scene, usize::MAX, false);
    if let Err(broken) = play(&mut world) {
        panic!("seed {}: {broken}", world.scene.seed);
    }
    world.trace.into()
}

fn report(world: &World) -> Report {
    let (talks, halls) = (&world.ledger.talks, &world.ledger.halls);
    let hearings = talks.hearings.values();
    let in_rooms: usize = hearings.map(|hearing| hearing.signals.len() + hearing.messages.len()).sum();
    Report {
        steps: world.step,
        matches: world.ledger.deals.values().filter(|deal| deal.accepted.len() == 2).count() + halls.entered,
        heard: in_rooms + halls.signals.values().filter(|sent| sent.heard).count(),
    }
}

fn play(world: &mut World) -> Seen {
    run_until(world, BEGIN + ACTING)?;
    world.heal()?;
    let policy = world.scene.policy.clone();
    let mut shortest = policy.grace + policy.acceptance.within() + Duration::from_secs(15);
    if policy.has_halls {
        // Who is gone is told by the next renewal after the end of its lease.
        shortest += HALL_LEASE + 2 * HALLS_RENEWED_EVERY;
    }
    let longest = world.now + SETTLING;
    run_until(world, world.now + shortest)?;
    while world.now < longest && !(world.is_quiet() && world.ledger.is_decided()) {
        run_until(world, world.now + LOOK_EVERY)?;
    }
    world.settle()?;
    world.leave()?;
    // Wake-ups that nobody wants any more are forgotten when they come up.
    run_until(world, world.now + shortest + shortest + policy.waiting_timeout)?;
    world.empty()
}

/// Lets everything happen that happens until then, or until nobody has anything left to do.
fn run_until(world: &mut World, until: Time) -> Seen {
    let acting = !world.ledger.healed;
    while world.step < STEPS && !(acting && world.is_done()) && world.turn(until)? {}
    Ok(())
}
