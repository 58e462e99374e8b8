/** Every fault that the stack takes: those of the simulation, and some that only exist where requests are signed and sent. */

import { type Fault, ofGitHub, type Targets } from '../sim/faults/fault.ts';
import type { Knobs } from '../sim/faults/knobs.ts';
import { FAULTS } from '../sim/faults/table.ts';
import type { Faults } from '../sim/github-service/faults.ts';

/** Those of the simulation that cannot be had over the wire, and why. */
export const SIMULATED_ONLY: Readonly<Record<string, string>> = {
  strangers: 'what a function does to the world is seen only in process; anybody can send requests to the stack',
};

const ONLY_HERE: Readonly<Record<string, Fault>> = {
  'jwt.usedTwice': onOrOff('jwtTwice404', 'a JWT that comes again is answered 404 by the token endpoint (N1)'),
  'jobs.cancelledRunnerNull': onOrOff('cancelledRunnerNull', 'a job cancelled while queued shows runner id null'),
  'runs.heldShownWaiting': onOrOff('heldRunsWaiting', 'a run with a held job is waiting, whatever its other jobs do'),
  'github.concurrent': ofGitHub('concurrentMax', 'calls at a time (N6)', [5, 100], 'calls'),
};

export const WIRE_FAULTS: Readonly<Record<string, Fault>> = {
  ...ONLY_HERE,
  ...Object.fromEntries(Object.entries(FAULTS).filter(([name]) => SIMULATED_ONLY[name] === undefined)),
};

/** Where each knob has its effect on this stack. A knob that is new in the simulation has no place here: then this does not compile. */
export const KNOB_PLACES: Readonly<Record<keyof Knobs, string>> = {
  githubDown: 'the simulated GitHub, lib/sim/faults/rest.ts',
  accessLost: 'the simulated GitHub, lib/sim/faults/rest.ts',
  rest: 'the simulated GitHub, lib/sim/faults/rest.ts',
  kill: 'every call of the functions, lib/local/gates.ts',
  hang: 'every call of the functions, lib/local/gates.ts',
  storageFails: 'the calls to SQS and DynamoDB, lib/local/gates.ts',
  storageAnswerLost: 'the calls to SQS and DynamoDB, lib/local/gates.ts',
  configurationUnread: 'the calls to SSM, lib/local/gates.ts',
  queueDuplicates: 'the trigger of the queue, lib/local/queue-trigger.ts',
  requestLost: 'the API, lib/local/api.ts',
  answerLost: 'the API, lib/local/api.ts',
  requestTwice: 'the API, lib/local/api.ts',
  startedLost: 'the API, lib/local/api.ts',
  stuckAtBeginning: 'the containers, lib/local/cluster.ts',
  stuckAtEnd: 'the containers, lib/local/cluster.ts',
  janitorOverlaps: 'the schedule, lib/local/schedule-trigger.ts',
  janitorMisses: 'the schedule, lib/local/schedule-trigger.ts',
};

type Switch = { [Name in keyof Faults]: Faults[Name] extends boolean ? Name : never }[keyof Faults];

/** Any share above 0 is on. */
function onOrOff(name: Switch, what: string): Fault {
  const set = ({ github }: Targets, value: number) => void github.control.setFaults({ [name]: value > 0 });
  return { what, unit: 'share', range: [1, 1], max: 1, begin: set, end: (targets) => set(targets, 0) };
}
