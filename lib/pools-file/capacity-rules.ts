/** What must hold between the settings of a group of instances, and that a pool runs in it. */
import { automaticClasses } from './automatic-capacity.ts';
import type { SoundCapacity } from './capacity-schema.ts';
import { aboutKey, type Finding, problem, warning } from './findings.ts';
import { architectures, knownTypes } from './instance-types.ts';
import type { SoundPool } from './schema.ts';

/** Settings that are missing or have problems of their own are left alone. */
export function checkCapacityRules(groups: readonly SoundCapacity[], pools: readonly SoundPool[]): Finding[] {
  return groups.flatMap((group) => [
    ...checkName(group),
    ...checkTypes(group),
    ...checkSchedules(group),
    ...checkUse(group, pools),
  ]);
}

function checkName({ name }: SoundCapacity): Finding[] {
  const taken = architectures.flatMap(automaticClasses).some((automatic) => automatic.name === name);
  const message = 'is the name of an automatic group, for pools that name none: give this one another name';
  return taken ? [aboutKey(['capacity', name], message)] : [];
}

function checkTypes({ name, instanceTypes = [] }: SoundCapacity): Finding[] {
  const path = ['capacity', name, 'instanceTypes'];
  const repeated = instanceTypes.flatMap((type, index) => {
    if (instanceTypes.indexOf(type) === index) return [];
    return problem([...path, `${index}`], 'is there already: remove one of the two');
  });
  const [first, ...others] = knownTypes(instanceTypes);
  const other = others.find(({ architecture }) => architecture !== first?.architecture);
  if (!first || !other) return repeated;
  const message = `mix architectures, and a group has one machine image: ${first.name} is ${first.architecture}, ${other.name} is ${other.architecture}; make two groups`;
  return [...repeated, problem(path, message)];
}

function checkSchedules({ name, max, schedules = [] }: SoundCapacity): Finding[] {
  return schedules.flatMap(({ cron, timeZone, min }, index) => {
    const path = ['capacity', name, 'schedules', `${index}`];
    const findings: Finding[] = [];
    // EC2 Auto Scaling refuses a scheduled action at the very time of another.
    if (schedules.findIndex((other) => other.cron === cron && other.timeZone === timeZone) < index)
      findings.push(problem([...path, 'cron'], 'is there already, in the same time zone: remove one of the two'));
    if (max !== undefined && min > max)
      findings.push(problem([...path, 'min'], `is ${min}, but the most instances of the group are ${max} (max)`));
    return findings;
  });
}

function checkUse({ name }: SoundCapacity, pools: readonly SoundPool[]): Finding[] {
  if (pools.some(({ capacity }) => capacity === name)) return [];
  const message = `no pool runs here, so it is not made: add capacity: ${name} to one`;
  return [{ ...warning(['capacity', name], message), part: 'key' }];
}
