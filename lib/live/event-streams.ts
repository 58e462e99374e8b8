/**
 * Stands in for `@smithy/core/event-streams` in the bundles. The SDK loads it for operations that stream events (of
 * transcripts, of shards), and no operation of ours does. In a bundle it costs 20 kB and 5 ms of a cold start, because
 * whatever it imports is then kept whole.
 */
throw new Error('no operation of the functions streams events: see lib/live/event-streams.ts');

export {};
