/** What somebody asks of `POST /_sim/faults`: checked whole, each problem said in one sentence with what to do. */
import { nearestFault } from '../sim/faults/nearest.ts';
import { type FaultList, problemOf } from '../sim/faults/table.ts';
import { SIMULATED_ONLY, WIRE_FAULTS } from './wire-faults.ts';

/** From which the times of those faults are drawn that happen now and then. */
const SEED = 'seed';
const SEED_MAX = 0xffff_ffff;

export function problemsOf(request: unknown): string[] {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return ['The faults are not a JSON object, for example {"jitconfig.502": 0.2}.'];
  }
  return Object.entries(request).flatMap(([name, value]) => {
    const problem = name === SEED ? seedProblem(value) : faultProblem(name, value);
    return problem === undefined ? [] : [problem];
  });
}

/** `request` is free of problems. */
export function seedIn(request: FaultList, otherwise: number): { seed: number; faults: FaultList } {
  const { [SEED]: seed = otherwise, ...faults } = request;
  return { seed, faults };
}

function seedProblem(value: unknown): string | undefined {
  const isSeed = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= SEED_MAX;
  return isSeed ? undefined : `seed is a whole number from 0 to ${SEED_MAX}.`;
}

function faultProblem(name: string, value: unknown): string | undefined {
  const reason = SIMULATED_ONLY[name];
  if (reason !== undefined) return `${name} is for npm run simulate only: ${reason}.`;
  // What is no number is as wrong as a number that is none.
  const problem = problemOf(name, typeof value === 'number' ? value : Number.NaN, WIRE_FAULTS);
  return problem === undefined || WIRE_FAULTS[name] !== undefined ? problem : `${problem}${suggestion(name)}`;
}

function suggestion(name: string): string {
  const nearest = nearestFault(name, Object.keys(WIRE_FAULTS));
  return nearest === undefined ? ' GET /_sim/faults shows them all.' : ` Did you mean ${nearest}?`;
}
