/** What may go wrong around the simulated services, read at the moment when it may happen. Shares are from 0 to 1. */

export type Knobs = ReturnType<typeof noKnobs>;
export type Knob = keyof Knobs;

/** Calls of GitHub's REST API that can be made to fail by themselves. */
export const ROUTES = ['jitconfig', 'removal', 'runners', 'job', 'token', 'runs', 'rerun', 'deliveries'] as const;
export type RouteName = (typeof ROUTES)[number];

export function noKnobs() {
  return {
    /** Every REST call is answered 502 (1) or none is (0). */
    githubDown: 0,
    /** Every call with an installation's token is answered 404: its access is lost. */
    accessLost: 0,
    /** By route and kind, `jitconfig.502`. */
    rest: {} as Record<string, number>,
    /** Execution environments that die, at each call to the outside. */
    kill: 0,
    /** Calls to the outside that hang for ten seconds. */
    hang: 0,
    /** Table and queue calls that fail with nothing done; that are done, and the answer lost. */
    storageFails: 0,
    storageAnswerLost: 0,
    /** Invocations that cannot read their configuration. */
    configurationUnread: 0,
    /** Messages that are received again although they were removed. */
    queueDuplicates: 0,
    /** Requests of containers that never arrive; answers that do not; requests that are made twice at once. */
    requestLost: 0,
    answerLost: 0,
    requestTwice: 0,
    /** `/started` alone. */
    startedLost: 0,
    /** Containers that come up and do nothing; that do not end. */
    stuckAtBeginning: 0,
    stuckAtEnd: 0,
    /** Minutes in which the janitor runs a second time meanwhile; in which it does not run. */
    janitorOverlaps: 0,
    janitorMisses: 0,
  };
}
