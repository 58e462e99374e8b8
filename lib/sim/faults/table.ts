/**
 * Every fault of the simulation by its name: what it is, in which unit it is given, from which range it is drawn, and how
 * it is injected. `N8` and the like number what GitHub was seen to do.
 */
import { awsFaults } from './aws.ts';
import type { Fault } from './fault.ts';
import { githubFaults } from './github.ts';
import { ownerFaults } from './owners.ts';
import { runnerFaults } from './runners.ts';
import { strangerFaults } from './strangers.ts';
import { webhookFaults } from './webhooks.ts';

export const FAULTS: Readonly<Record<string, Fault>> = {
  ...webhookFaults,
  ...githubFaults,
  ...runnerFaults,
  ...ownerFaults,
  ...awsFaults,
  ...strangerFaults,
};

/** The names with their values. */
export type FaultList = Readonly<Record<string, number>>;

/** Why such a fault cannot be injected; `undefined`: it can. */
export function problemOf(
  name: string,
  value: number,
  known: Readonly<Record<string, Fault>> = FAULTS,
): string | undefined {
  const fault = known[name];
  if (fault === undefined) return `There is no fault ${name}.`;
  if (Number.isFinite(value) && value >= 0 && value <= fault.max) return undefined;
  return `${name} is ${UNITS[fault.unit]}, from 0 to ${fault.max}.`;
}

const UNITS: Readonly<Record<Fault['unit'], string>> = {
  share: 'a share',
  hours: 'a number of hours',
  'times an hour': 'a number of times in an hour',
  seconds: 'a number of seconds',
  calls: 'a number of calls',
};
