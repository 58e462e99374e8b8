/** How a runner's container ends. 0 (`EXIT_DONE` of lib/core/ending.ts): it ran a job, or nobody wanted it. Others: no job. */

/** Its ticket was refused, or what it was given is not complete. */
export const EXIT_REFUSED = 1;
/** It got no JIT configuration in time. */
export const EXIT_NOT_BOOTED = 2;
/** It was ended, or its registration was, before a job came. */
export const EXIT_WITHOUT_JOB = 3;
/** Docker did not come up, or died before a job came. */
export const EXIT_NO_DOCKER = 4;
/** Another session lives under its registration. The listener's own code. */
export const EXIT_CONFLICT = 5;
