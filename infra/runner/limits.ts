/** Every limit of the bootstrap, with its unit and its reason. */

/** To have a JIT configuration, counted anew after each time that the registrar asked to wait; below `BOOT_DEADLINE_MS`. */
export const BOOT_MS_MAX = 5 * 60 * 1000;

/** Between attempts: doubling, with jitter. */
export const RETRY_FIRST_MS = 1000;
export const RETRY_MS_MAX = 30_000;

/** A little longer than the registrar itself may take (`FUNCTION_TIMEOUT_SECONDS`). */
export const ANSWER_MS_MAX = 35_000;

/** How often we look whether a job runs. */
export const LOOK_MS = 500;

/** While no job runs, the registrar hears it this often. */
export const IDLE_REPORT_MS = 60 * 1000;

/** An idle listener says goodbye to GitHub within seconds; ECS kills the container 30 s after it asked. */
export const LEAVING_MS_MAX = 20_000;

/** A listener that failed (2) or is being updated (3, 4) is started again, as `run.sh` does, but not for ever. */
export const LISTENER_STARTS_MAX = 5;
export const LISTENER_PAUSE_MS = 5000;

/** The runner's own update writes a file when it is done. `run-helper.sh` waits as long for it. */
export const UPDATE_MS_MAX = 30_000;

/** A Docker daemon answers after one or two seconds; on a busy instance it takes longer. */
export const DOCKER_MS_MAX = 60 * 1000;
export const DOCKER_LOOK_MS = 50;

/** Whether Docker still answers is looked at this often until a job comes, and so many misses in a row are the end. */
export const DOCKER_WATCH_MS = 10_000;
export const DOCKER_MISSES_MAX = 3;

/** Before a proxy that died during a job is started again. */
export const PROXY_PAUSE_MS = 200;

/** The ECS agent answers from memory, even on a busy instance; after that the next attempt asks it again. */
export const CREDENTIALS_MS_MAX = 5000;

/** The word that this runner leaves is said once; the janitor finds out without it. */
export const LEAVING_WORD_MS_MAX = 5000;
