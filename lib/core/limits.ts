/** Every limit, with its unit and its reason. */

/** The scaler's and the registrar's own time-out (seconds); serverless.yml and the local stack give the functions this. */
export const FUNCTION_TIMEOUT_SECONDS = 30;

/** A place without a task is looked into no sooner: whoever took it may still be claiming its job, or waiting for RunTask. */
export const ASK_AGAIN_AFTER_MS = 2 * FUNCTION_TIMEOUT_SECONDS * 1000;

/**
 * ECS forgets a client token one hour after its task (AWS: "ECS idempotency"); until then a repeated call finds the
 * task. Ten minutes are left for clocks and for a call on its way.
 */
export const ASK_AGAIN_UNTIL_MS = 50 * 60 * 1000;

/** Launches in one look: each is four calls, all of them run side by side within a few seconds. */
export const LAUNCHES_PER_LOOK_MAX = 20;

/** Backlog items that one look reads (about 300 bytes each): some 300 kB, one or two pages of DynamoDB. */
export const LOOK_READ_MAX = 1000;

/** A job older than this belongs to whoever looks; a younger one to the scaler that has its event in hand. */
export const OWN_JOBS_FIRST_MS = 10_000;

/** Failed launches in a row that make a pool suspect. */
export const SUSPECT_AFTER_FAILURES = 5;

/** Launches at a time while no container of a task definition has ever come up: a broken image costs five, not fifty. */
export const UNPROVEN_LAUNCHES_MAX = 5;

/** Back-off of a job and of a suspect pool: 5 s, doubling to 10 minutes. */
export const BACK_OFF_FIRST_MS = 5_000;
export const BACK_OFF_MAX_MS = 10 * 60 * 1000;

/** Looks that follow looks come at most once in this time, however many scalers ask for one. */
export const LOOK_AGAIN_MIN_MS = 1_000;

/** After ECS was full or throttled, the whole pool waits: its jobs would only hear the same. */
export const POOL_FULL_MS = 10_000;

/**
 * A job whose runner took another job is launched anew no sooner: events of one moment are recorded side by side, and
 * one of them mostly brings it another runner.
 */
export const DISPLACED_WAIT_MS = 10_000;

/** When launches are paced: the next look. */
export const PACED_LOOK_MS = 5_000;

/**
 * GitHub is asked again so often whether it still refuses to register runners for an owner: the longest time that jobs wait after
 * it was mended, and twelve calls an hour.
 */
export const REFUSAL_ASKED_EVERY_MS = 5 * 60 * 1000;

/** When so many repositories of an owner are refused, all of them are taken to be: a record has room for so many. */
export const REFUSED_REPOSITORIES_MAX = 20;

/** Refusals that one run of the janitor asks about: two calls each. */
export const REFUSALS_ASKED_MAX = 20;

/** Jobs that one look tells for which refusal they wait: one write each. */
export const JOBS_TOLD_MAX = 100;

/** The longest delay of an SQS message (seconds). */
export const MESSAGE_DELAY_MAX_SECONDS = 900;

/** An event of a job created longer ago may be a late redelivery: GitHub is asked before anything is launched. */
export const FRESH_EVENT_MS = 60 * 60 * 1000;

/** GitHub fails a job after 24 hours in the queue, and may take 48 (GitHub docs: limits). */
export const JOB_WAIT_MAX_MS = 48 * 60 * 60 * 1000;

/** The job's story is kept for 30 days after its last change. */
export const HISTORY_KEPT_SECONDS = 30 * 24 * 60 * 60;

/** Times that a ticket may be swapped: the first answer, and two lost ones. */
export const MINTS_MAX = 3;

/** A mint that has not been answered by then never will be: the registrar's time-out. */
export const MINT_VOID_AFTER_MS = FUNCTION_TIMEOUT_SECONDS * 1000;

/**
 * Registrations per installation: GitHub's secondary limit is 900 points a minute, and a write costs 5. The burst is what may
 * come at once after a quiet time: in no minute are there more than 150, 750 points, what a sweep takes among them;
 * the rest is left for removals, lists and questions.
 */
export const MINTS_PER_MINUTE = 120;
export const MINTS_BURST = 30;

/** A container that comes so much later than its turn takes another one: else many turns could be taken at once. */
export const TURN_KEPT_MS = 15_000;

/** A container that would have to wait longer for its turn ends: its place and its instance are of use to others. */
export const IDLE_FOR_TURN_MAX_MS = 5 * 60 * 1000;

/** Nothing is launched that would have to wait longer for its registration: a container takes about so long to come up. */
export const LAUNCH_AHEAD_MS = 60_000;

/**
 * Shares of GitHub's primary limit that are left to what is more urgent. A registration uses all there is; a removal or a
 * question about one job repairs what may keep a job waiting; a list may come a few minutes later; a sweep mostly finds nothing.
 */
export const RESERVE_SHARES = { registration: 0, removal: 0.05, question: 0.05, list: 0.1, sweep: 0.5 } as const;

/** Who is refused again by the secondary limit, without an answer in between, waits twice as long each time. */
export const LIMIT_AGAIN_FIRST_MS = 60_000;
export const LIMIT_AGAIN_MAX_MS = 8 * 60 * 1000;

/** When a limit is over, registrations have waited: sweeps begin so much later, if nobody has had an answer before. */
export const SWEEP_AFTER_LIMIT_MS = 2 * 60 * 1000;

/** Calls in a row without an answer, whoever made them, that are an outage. */
export const UNANSWERED_MAX = 3;

/** While GitHub does not answer it is asked once after this long, doubling to two minutes. */
export const SILENCE_FIRST_MS = 10_000;
export const SILENCE_MAX_MS = 2 * 60 * 1000;

/** Whoever tries whether GitHub answers again is heard of by then: a call is given 10 s. */
export const PROBE_MS = 15_000;

/**
 * How often a warm container asks whether a job has come: half of it is added to that job's wait. Each question is one
 * invocation, one read and one call to STS, so that a warm runner asks for about $1.30 a month (docs/configuration.md).
 */
export const WARM_RETRY_SECONDS = 4;

/** A warm container's word is written down no more often: its record must not cost a write for each question. */
export const WARM_HEARD_MS = 60_000;

/** A warm container that has not been heard for this long gets no job: three words of it are missing. */
export const WARM_SILENT_MS = 3 * WARM_HEARD_MS;

/**
 * Functions go on with an older configuration for a minute: until all agree how many warm runners are wanted, none is let go
 * by one of them to be launched again by another.
 */
export const WARM_SETTLE_MS = 90_000;

/** A warm container that ends sooner is its pool's fault; a later end is an instance's, or somebody's who stopped it. */
export const WARM_STEADY_MS = 10 * 60 * 1000;

/** From the start of the container (or from when a paced mint was allowed, or a warm one was heard) to its registration. */
export const BOOT_DEADLINE_MS = 6 * 60 * 1000;

/** ECS itself gives up on a task that waits for an instance after 10 to 30 minutes. */
export const PROVISIONING_DEADLINE_MS = 40 * 60 * 1000;

/** ECS lists lag by up to five minutes (AWS: RunTask, "eventual consistency"): before, absence proves nothing. */
export const ECS_LAG_MS = 5 * 60 * 1000;

/** After a runner was told to go: time for its container to end by itself. */
export const GOING_DEADLINE_MS = 5 * 60 * 1000;

/**
 * The same for one of which nothing had been heard: it may work unheard of, whatever GitHub's lists and its answer to the removal
 * said. GitHub cancels a job after six hours, unless its workflow sets another time (GitHub docs: `timeout-minutes`).
 */
export const UNHEARD_DEADLINE_MS = 6 * 60 * 60 * 1000;

/** A runner that has registered itself is on GitHub's lists by then: they are cached for a minute. */
export const LISTED_AFTER_MS = 150_000;

/** GitHub's lists are cached for a minute: what was seen twice, so far apart, was on two lists. */
export const OBSERVED_APART_MS = 150_000;

/** A container without a job says so each minute; one that has not for so long is hung, cut off, or works unheard of. */
export const SILENT_MS = 15 * 60 * 1000;

/** That a runner works for longer than its pool allows is said so often. */
export const OVERTIME_SAID_EVERY_MS = 60 * 60 * 1000;

/** A container whose job has ended cleans up, and ends by itself well before. */
export const OUTLIVED_MS = 15 * 60 * 1000;

/** A job whose runner has ended without a word from GitHub is asked for after this long. */
export const AWAIT_WORD_MS = 90_000;

/** A container without a job says so each minute: three words of it are missing, and nobody waits for it any longer. */
export const IDLE_UNHEARD_MS = 200_000;

/** A runner that is idle this long although a job waits for it: is the job still there? */
export const IDLE_SUSPICIOUS_MS = 3 * 60 * 1000;

/** A job that has failed to launch for this long is asked for now and then. */
export const FAILING_SUSPICIOUS_MS = 10 * 60 * 1000;

/** Questions about single jobs in one janitor run. */
export const JOB_QUESTIONS_MAX = 50;

/** GitHub removes an offline ephemeral runner after a day: a scope without a mint for longer has nothing left. */
export const SCOPE_KEPT_MS = 25 * 60 * 60 * 1000;

/** A scope with a mint this recent is listed in every run, an older one once an hour. */
export const SCOPE_ACTIVE_MS = 15 * 60 * 1000;

/** Where runners only work and nobody registers, GitHub's list is read so often: it may be one list for each repository. */
export const LISTED_SEATS_EVERY_MINUTES = 10;

/** Without a mint for this long, hardly anything comes and goes in a scope. */
export const SCOPE_QUIET_MS = 2 * 60 * 1000;

/** Jobs that one janitor run moves to other pools, or to another installation of the App: four calls each, all of them within a second or two. */
export const MOVES_MAX = 1000;

/**
 * A pool that was removed and has nothing left is looked into for this long: functions go on with an older configuration
 * for a minute, and for 15 while SSM cannot be read.
 */
export const LEFT_POOL_KEPT_MS = 60 * 60 * 1000;

/** The janitor's own time-out (seconds); serverless.yml gives it this. */
export const JANITOR_TIMEOUT_SECONDS = 60;

/** Lists of runners are read until then in a run, so that there is time to do something about them. */
export const LISTS_UNTIL_MS = 20_000;

/** Differences are repaired until then in a run: a call takes 10 s at most, and looks, gauges and lost events come after it. */
export const CLEAN_UNTIL_MS = 36_000;

/** Lost events are looked for until then in a run: a call takes 10 s at most, and what was found is written down after it. */
export const FIND_LOST_UNTIL_MS = 40_000;

/** Deliveries are read again that far back: one that waits for its answer is on no list yet, and pages shift. */
export const DELIVERIES_OVERLAP_MS = 15 * 60 * 1000;

/** GitHub makes deliveries of the last 3 days again; what is a day old helps nobody: a queued job ends by then. */
export const REDELIVERY_AGE_MAX_MS = 24 * 60 * 60 * 1000;

/** Times that GitHub is asked to deliver one event again, and the time between them: an outage of two hours is outlasted. */
export const REDELIVERIES_EACH_MAX = 3;
export const REDELIVERY_GAPS_MS = [10 * 60 * 1000, 2 * 60 * 60 * 1000] as const;

/** Pages of a hundred failed deliveries that one run reads; the next one goes on. */
export const DELIVERY_PAGES_MAX = 10;

/** Redeliveries that one run asks for: each costs 5 points, and GitHub allows 900 in a minute. */
export const REDELIVERIES_PER_RUN_MAX = 100;

/** Redeliveries that are remembered at a time: some 130 bytes each, in an item of at most 400 kB. */
export const REDELIVERIES_KEPT_MAX = 1500;

/**
 * Calls of one sweep (a run, an installation). They come out of the bucket of registrations, five for one: while many runners
 * are registered there are fewer.
 */
export const SWEEP_CALLS_MAX = 200;
export const SWEEP_CALLS_WHILE_LAUNCHING_MAX = 100;

/** Of what is above the reserve, one sweep may use this part: so it slows down before it has to stop. */
export const SWEEP_SHARE = 0.05;

/** Runs of a repository whose jobs one visit asks for: also with three pages each, half of the smallest budget is enough. */
export const SWEEP_RUNS_MAX = 12;

/** A run's jobs are read so far: a matrix has 256 at most. */
export const SWEEP_JOB_PAGES_MAX = 3;

/** A repository without active runs is visited in every sweep for this long. */
export const SWEEP_ACTIVE_MS = 15 * 60 * 1000;

/** Repositories that are visited in every sweep: some 60 bytes each, in an item of at most 400 kB. */
export const SWEEP_ACTIVE_MAX = 500;

/** Repositories that are visited side by side, far below the 100 concurrent requests that GitHub allows. */
export const SWEEP_PARALLEL = 5;

/** Repositories that one sweep passes over because GitHub refuses them; if it refuses so many, it probably refuses all. */
export const SWEEP_REFUSALS_MAX = 5;

/** A repository that cannot be read is passed over after so many runs that got no further. */
export const SWEEP_STUCK_MAX = 3;

/** How old a change at GitHub is before its webhook counts as lost; an event that comes twice changes nothing. */
export const SWEEP_GRACE_MS = 30_000;

/** Installations that are swept side by side. */
export const SWEEP_INSTALLATIONS_PARALLEL = 4;

/** A job that has simply waited (its pool is at its maximum), or run, for this long: perhaps nobody told us that it has ended. */
export const WAITING_SUSPICIOUS_MS = 30 * 60 * 1000;
export const RUNNING_SUSPICIOUS_MS = 60 * 60 * 1000;

/** Such jobs are asked for so often and, if there are many, so many in a run: 600 of an hour's 5,000 calls at most. */
export const OLD_JOBS_ASKED_EVERY_MINUTES = 30;
export const OLD_JOBS_ASKED_MAX = 10;

/** GitHub wants each release of the runner within 30 days: half of that is left to make an image. */
export const VERSION_WARNING_DAYS = 14;

/** GitHub is asked so often about a version, and after a failure so often. */
export const VERSION_ASKED_EVERY_MS = 24 * 60 * 60 * 1000;
export const VERSION_FAILED_EVERY_MS = 60 * 60 * 1000;

/** Runners come and go: a version that has not been seen for a night and a day is used no more. It is noted to the hour. */
export const VERSION_KEPT_MS = 24 * 60 * 60 * 1000;
export const VERSION_SEEN_EVERY_MS = 60 * 60 * 1000;

/** Versions of an installation that are remembered, and asked about in one run: an owner has a handful of images. */
export const VERSIONS_KEPT_MAX = 50;
export const VERSIONS_ASKED_PER_RUN_MAX = 5;

/** EC2 warns two minutes before it takes a Spot instance back: what could not be done for its runners is tried until then. */
export const INSTANCE_LEAVES_WITHIN_MS = 2 * 60 * 1000;
export const INSTANCE_LEAVES_AGAIN_SECONDS = 10;

/** A runner that went with its instance while nobody knew of a job in it: whoever it was is named by then, or there was none. */
export const LOST_NAMED_WITHIN_MS = 60 * 60 * 1000;

/** A job that died is run again when its run has ended: other jobs of it may work for hours. Then it is given up. */
export const RERUN_GIVEN_UP_MS = 24 * 60 * 60 * 1000;

/** GitHub runs nothing again whose run was created a month ago (GitHub docs, "Re-running workflows and jobs"). */
export const RERUN_AGE_MAX_MS = 30 * 24 * 60 * 60 * 1000;

/** After a call of which nobody knows whether it was heard: if the run is still in the same attempt by then, it was not. */
export const RERUN_AGAIN_MS = 2 * 60 * 1000;

/** While the run goes on, or GitHub does not answer, it is asked so often. */
export const RERUN_WAIT_FIRST_MS = 60_000;
export const RERUN_WAIT_MAX_MS = 60 * 60 * 1000;

/** What GitHub refuses is tried again so often: an owner may have granted the permission meanwhile. */
export const RERUN_REFUSED_MS = 60 * 60 * 1000;

/** Runs of an installation that one janitor run asks about: up to three calls each, beside its other work. */
export const RERUNS_PER_RUN_MAX = 10;

/** Pages of a hundred jobs that are read of such a run; a longer one is run again job by job. */
export const RERUN_JOB_PAGES_MAX = 3;
