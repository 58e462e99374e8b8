/** Faults of the simulated ECS, settable while it runs. Shares are from 0 (never) to 1 (always). */

const DESCRIPTIONS = {
  throttleRunTask: 'share of RunTask and StopTask calls, which share a bucket, answered ThrottlingException',
  throttleReads: 'share of describing and listing calls answered ThrottlingException',
  accessDenied: 'share of calls answered AccessDeniedException',
  failBefore: 'share of calls answered ServerException (500), nothing done',
  failAfter: 'share of calls done and then answered ServerException (500)',
  cutBefore: 'share of calls whose connection is cut, nothing done',
  cutAfter: 'share of calls done, and then the connection is cut',
  runTaskFailures: 'share of tasks refused in failures[] with RESOURCE:MEMORY or AGENT',
  loseEvents: 'share of task state change events that never arrive',
  duplicateEvents: 'share of events that arrive twice',
  reorderEvents: 'share of events that arrive after later ones',
  listLagSeconds: 'seconds until ListTasks shows what changed',
  describeLagSeconds: 'seconds until DescribeTasks knows a new task',
  cannotPullImage: 'share of image pulls that fail',
  startSlowSeconds: 'seconds at most by which a container takes longer to come up',
  conflictOnReplay: 'share of repeated RunTask calls answered ConflictException, with the task',
  provisioningTasksMax: 'tasks that may be in PROVISIONING; 0: as many as the quota allows',
  noCapacity: 'share of instances that the Auto Scaling group cannot get',
} as const;

export type EcsFault = keyof typeof DESCRIPTIONS;
export type EcsFaults = Record<EcsFault, number>;

export const FAULT_NAMES = Object.keys(DESCRIPTIONS) as EcsFault[];

export function noFaults(): EcsFaults {
  return Object.fromEntries(FAULT_NAMES.map((name) => [name, 0])) as EcsFaults;
}

/** Sets those that are named and keeps the others; throws, with nothing changed, where one is unknown or out of range. */
export function setFaults(faults: EcsFaults, changes: Readonly<Record<string, unknown>>): void {
  const problems = Object.entries(changes).flatMap(([name, value]) => problem(name, value));
  if (problems.length > 0) throw new RangeError(problems.join('; '));
  Object.assign(faults, changes);
}

function problem(name: string, value: unknown): string[] {
  if (!FAULT_NAMES.includes(name as EcsFault)) return [`unknown fault "${name}"; known are ${FAULT_NAMES.join(', ')}`];
  const isSeconds = name.endsWith('Seconds');
  const isShare = !isSeconds && !name.endsWith('Max');
  const max = isShare ? 1 : Number.MAX_SAFE_INTEGER;
  if (typeof value === 'number' && value >= 0 && value <= max) return [];
  return [`${name} must be a number ${isShare ? 'from 0 to 1' : isSeconds ? 'of seconds, 0 or more' : '0 or more'}`];
}
