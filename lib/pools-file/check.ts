/** Plain data in; the pools and their groups, and everything that is wrong with them, out. */
import { fold } from '../core/label.ts';
import { checkCapacityRules } from './capacity-rules.ts';
import { capacitySchema, scheduleSchema } from './capacity-schema.ts';
import { checkContainerRules } from './container-rules.ts';
import { checkDockerStores } from './docker-store.ts';
import { type CheckedEntry, checkEntry } from './entry.ts';
import { didYouMean, type Fields, type Finding, isFields, problem, shown, unknownKeys } from './findings.ts';
import { checkPlacement } from './placement.ts';
import { checkRules, checkUnlabelled } from './rules.ts';
import { type FilePool, type PoolsFile, poolSchema, type SoundPool } from './schema.ts';
import { checkWarmRules } from './warm-rules.ts';

/** What the file says; only if none of the findings is a problem. */
export type Checked = { findings: Finding[]; file?: PoolsFile };

/** The longest text that may become the parameter which the functions read for a pool. */
type ParameterOf = (pool: FilePool) => string;

/**
 * What one stack was tested with: each pool has resources of its own, of which a stack holds 500, and names in the
 * policies of roles, which hold 10,240 letters per role (IAM quotas).
 */
const POOLS_MAX = 50;
/** SSM: an advanced parameter holds 8 KB. */
const PARAMETER_BYTES_MAX = 8192;
const TOP_KEYS = ['pools', 'capacity', 'unlabelled'];
const SCHEDULE_KEYS = Object.keys(scheduleSchema.shape);

/** `value` may be anything at all. */
export function checkPools(value: unknown, parameterOf: ParameterOf): Checked {
  if (!isFields(value)) return { findings: [problem([], `${shown(value)}: it must begin with "pools:"`)] };
  const pools = entriesOf(value['pools']).map((entry) => checkPool(entry, parameterOf));
  const groups = entriesOf(value['capacity']).map(checkGroup);
  const sound = pools.map((pool) => pool.sound);
  const soundGroups = groups.map((group) => group.sound);
  const placed = pools.filter(saysWhereItRuns).map((pool) => pool.sound);
  const findings = [
    ...unknownKeys(value, TOP_KEYS, []),
    ...checkCount(value['pools']),
    ...checkCapacityMap(value['capacity']),
    ...[...pools, ...groups].flatMap((entry) => entry.findings),
    ...checkRules(sound),
    ...checkContainerRules(sound),
    ...checkWarmRules(sound),
    ...checkCapacityRules(soundGroups, sound),
    ...checkPlacement(soundGroups, placed),
    ...checkDockerStores(soundGroups, placed),
    ...checkUnlabelledName(value['unlabelled'], sound),
  ];
  if (findings.some(({ severity }) => severity === 'problem')) return { findings };
  const unlabelled = value['unlabelled'] === undefined ? {} : { unlabelled: String(value['unlabelled']) };
  return { findings, file: { ...unlabelled, capacity: wholeOf(groups), pools: wholeOf(pools) } };
}

function entriesOf(map: unknown): [string, unknown][] {
  return isFields(map) ? Object.entries(map) : [];
}

function wholeOf<Settings>(entries: readonly CheckedEntry<Settings>[]): ({ name: string } & Settings)[] {
  return entries.flatMap(({ entry }) => entry ?? []);
}

/** A place that is wrong is not the same as none: the pool is not meant for an automatic group. */
function saysWhereItRuns({ findings }: { findings: readonly Finding[] }): boolean {
  return !findings.some(({ path: [, , setting] }) => setting === 'capacity' || setting === 'capacityProvider');
}

function checkCount(pools: unknown): Finding[] {
  if (!isFields(pools)) return [problem(['pools'], `${shown(pools)}: it must be a map of one or more pools, by name`)];
  const count = Object.keys(pools).length;
  if (count === 0) return [problem(['pools'], 'has no pools: describe at least one')];
  return count > POOLS_MAX ? [problem(['pools'], `has ${count} pools: the most are ${POOLS_MAX}`)] : [];
}

function checkCapacityMap(capacity: unknown): Finding[] {
  if (capacity === undefined || isFields(capacity)) return [];
  return [problem(['capacity'], `${shown(capacity)}: it must be a map of groups of instances, by name`)];
}

function checkUnlabelledName(name: unknown, pools: readonly SoundPool[]): Finding[] {
  if (name === undefined) return [];
  const names = pools.map((pool) => pool.name);
  if (typeof name === 'string' && names.includes(name)) return checkUnlabelled(name, pools);
  const hint = (typeof name === 'string' && didYouMean(name, names)) || `one of ${names.join(', ')}`;
  return [problem(['unlabelled'], `${shown(name)}: it must be the name of a pool in this file: ${hint}`)];
}

function checkPool([name, value]: [string, unknown], parameterOf: ParameterOf): CheckedEntry<Omit<FilePool, 'name'>> {
  const checked = checkEntry(poolSchema, 'pools', name, value);
  const labels = isFields(value) ? repeatedLabels(value['labels'], ['pools', name]) : [];
  const size = checked.entry ? checkParameterSize(checked.entry, parameterOf) : [];
  return { ...checked, findings: [...checked.findings, ...labels, ...size] };
}

function checkGroup([name, value]: [string, unknown]) {
  const checked = checkEntry(capacitySchema, 'capacity', name, value);
  const schedules = isFields(value) ? unknownScheduleKeys(value, ['capacity', name]) : [];
  return { ...checked, findings: [...checked.findings, ...schedules] };
}

function unknownScheduleKeys({ schedules }: Fields, path: readonly string[]): Finding[] {
  if (!Array.isArray(schedules)) return [];
  return schedules.flatMap((schedule, index) =>
    isFields(schedule) ? unknownKeys(schedule, SCHEDULE_KEYS, [...path, 'schedules', `${index}`]) : [],
  );
}

function repeatedLabels(labels: unknown, path: readonly string[]): Finding[] {
  if (!Array.isArray(labels)) return [];
  const folded = labels.map((label) => (typeof label === 'string' ? fold(label) : label));
  return folded.flatMap((label, index) => {
    if (typeof label !== 'string' || folded.indexOf(label) === index) return [];
    return problem([...path, 'labels', `${index}`], 'is there already (case does not matter): remove one of the two');
  });
}

function checkParameterSize(pool: FilePool, parameterOf: ParameterOf): Finding[] {
  const bytes = Buffer.byteLength(parameterOf(pool));
  if (bytes <= PARAMETER_BYTES_MAX) return [];
  const { labels, repositories = [] } = pool;
  const key = JSON.stringify(repositories).length > JSON.stringify(labels).length ? 'repositories' : 'labels';
  const message = `make what the functions read of this pool ${bytes} bytes long, and a parameter holds ${PARAMETER_BYTES_MAX}: use fewer or shorter ones`;
  return [problem(['pools', pool.name, key], message)];
}
