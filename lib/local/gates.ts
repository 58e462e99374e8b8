/** What goes wrong with calls of the functions on their way to a service and back, as the knobs say at that moment. */
import type { Chance } from '../sim/chance.ts';
import { type SimClock, sleep } from '../sim/clock.ts';
import type { Around } from '../sim/faults/around.ts';
import type { Gate, Verdict } from './relay.ts';

export type GateOptions = {
  around: Around;
  chance: Chance;
  clock: SimClock;
  /** Ends one of the execution environments that work now, if there is one, and waits until it is gone. */
  killOne: () => Promise<void>;
};

export type Gates = { calls: Gate; parameters: Gate; tables: Gate; queue: Gate };

export function createGates({ around, chance, clock, killOne }: GateOptions): Gates {
  /** Any of those that work may be the one: each of them is between two calls, or waits for an answer. */
  async function mayDie(): Promise<undefined> {
    if (around.hangs()) await sleep(clock, around.hangMs);
    if (around.kills()) await killOne();
  }

  /** Half of what fails is cut, the other half is answered in the service's own words. */
  function storage(refusal: Verdict): Gate {
    return {
      before: async () => {
        await mayDie();
        if (!around.storageFails('before')) return undefined;
        return chance.happens(0.5) ? 'cut' : refusal;
      },
      after: async () => {
        await mayDie();
        return around.storageFails('after') ? 'cut' : undefined;
      },
    };
  }

  return {
    calls: { before: mayDie, after: mayDie },
    parameters: {
      before: async () => (await mayDie()) ?? (around.isConfigurationUnread() ? THROTTLED_PARAMETERS : undefined),
      after: mayDie,
    },
    tables: storage(THROTTLED),
    queue: storage(UNAVAILABLE),
  };
}

/** DynamoDB docs, "Error handling": 400, and to be tried again. */
const THROTTLED = awsError(
  400,
  'application/x-amz-json-1.0',
  'com.amazon.coral.availability#ThrottlingException',
  'Rate of requests exceeds the allowed throughput.',
);
/** SSM docs, "Common errors". */
const THROTTLED_PARAMETERS = awsError(400, 'application/x-amz-json-1.1', 'ThrottlingException', 'Rate exceeded');
/** SQS docs, "Common errors": a failure of the server that passes. */
const UNAVAILABLE = awsError(
  503,
  'application/x-amz-json-1.0',
  'com.amazonaws.sqs#ServiceUnavailable',
  'The request has failed due to a temporary failure of the server.',
);

function awsError(status: number, type: string, __type: string, message: string): Verdict {
  return { status, headers: { 'content-type': type }, body: JSON.stringify({ __type, message }) };
}
