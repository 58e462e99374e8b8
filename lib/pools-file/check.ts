/** Plain data in; the pools, and everything that is wrong with them, out. */
import { closestMatch } from 'leven';
import type { z } from 'zod';
import { fold } from '../core/label.ts';
import { checkRules, checkUnlabelled, type Finding } from './rules.ts';
import { type FilePool, type PoolsFile, poolName, poolSchema, type SoundPool } from './schema.ts';

/** What the file says; only if none of the findings is a problem. */
export type Checked = { findings: Finding[]; file?: PoolsFile };

type Fields = Record<string, unknown>;

/** Pools whose rows a reader, and whose resources a stack, can still hold. */
const POOLS_MAX = 100;
const TOP_KEYS = ['pools', 'unlabelled'];
const POOL_KEYS = Object.keys(poolSchema.shape);

/** `value` may be anything at all. */
export function checkPools(value: unknown): Checked {
  if (!isFields(value)) return { findings: [problem([], `${shown(value)}: it must begin with "pools:"`)] };
  const pools = isFields(value['pools']) ? Object.entries(value['pools']).map(checkPool) : [];
  const sound = pools.map((pool) => pool.sound);
  const findings = [
    ...unknownKeys(value, TOP_KEYS, []),
    ...checkCount(value['pools']),
    ...pools.flatMap((pool) => pool.findings),
    ...checkRules(sound),
    ...checkUnlabelledName(value['unlabelled'], sound),
  ];
  if (findings.some(({ severity }) => severity === 'problem')) return { findings };
  const unlabelled = value['unlabelled'] === undefined ? {} : { unlabelled: String(value['unlabelled']) };
  return { findings, file: { ...unlabelled, pools: pools.flatMap(({ pool }) => pool ?? []) } };
}

function checkCount(pools: unknown): Finding[] {
  if (!isFields(pools)) return [problem(['pools'], `${shown(pools)}: it must be a map of one or more pools, by name`)];
  const count = Object.keys(pools).length;
  if (count === 0) return [problem(['pools'], 'has no pools: describe at least one')];
  return count > POOLS_MAX ? [problem(['pools'], `has ${count} pools: the most are ${POOLS_MAX}`)] : [];
}

function checkUnlabelledName(name: unknown, pools: readonly SoundPool[]): Finding[] {
  if (name === undefined) return [];
  const names = pools.map((pool) => pool.name);
  if (typeof name === 'string' && names.includes(name)) return checkUnlabelled(name, pools);
  const hint = (typeof name === 'string' && didYouMean(name, names)) || `one of ${names.join(', ')}`;
  return [problem(['unlabelled'], `${shown(name)}: it must be the name of a pool in this file: ${hint}`)];
}

type CheckedPool = { findings: Finding[]; sound: SoundPool; pool?: FilePool };

function checkPool([name, value]: [string, unknown]): CheckedPool {
  const path = ['pools', name];
  const named = poolName.safeParse(name);
  const findings = (named.error?.issues ?? []).map((issue) => aboutKey(path, `it must be ${issue.message}`));
  if (!isFields(value)) {
    const message = `${shown(value)}: it must be a map of settings (${POOL_KEYS.join(', ')})`;
    return { findings: [...findings, problem(path, message)], sound: { name } };
  }
  const { error, data } = poolSchema.safeParse(value, { reportInput: true });
  findings.push(
    ...unknownKeys(value, POOL_KEYS, path),
    ...(error?.issues ?? []).map((issue) => fromIssue(path, issue)),
    ...repeatedLabels(value['labels'], path),
  );
  return { findings, sound: { name, ...soundSettings(value) }, ...(data && { pool: { name, ...data } }) };
}

/** Setting by setting, so that one wrong setting does not hide what is wrong between the others. */
function soundSettings(value: Fields): Partial<FilePool> {
  return Object.fromEntries(
    Object.entries(poolSchema.shape).flatMap(([key, schema]) => {
      const { data } = schema.safeParse(value[key]);
      return data === undefined ? [] : [[key, data]];
    }),
  );
}

function fromIssue(path: readonly string[], issue: z.core.$ZodIssue): Finding {
  const place = [...path, ...issue.path];
  return problem(place, `${shown(issue.input)}: it must be ${issue.message}`);
}

function repeatedLabels(labels: unknown, path: readonly string[]): Finding[] {
  if (!Array.isArray(labels)) return [];
  const folded = labels.map((label) => (typeof label === 'string' ? fold(label) : label));
  return folded.flatMap((label, index) => {
    if (typeof label !== 'string' || folded.indexOf(label) === index) return [];
    return problem([...path, 'labels', `${index}`], 'is there already (case does not matter): remove one of the two');
  });
}

function unknownKeys(value: Fields, known: readonly string[], path: readonly string[]): Finding[] {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  const hint = (key: string) => didYouMean(key, known) ?? `there are ${known.join(', ')}`;
  return unknown.map((key) => aboutKey([...path, key], `there is no such setting: ${hint(key)}`));
}

/** Distance up to a third of the letters: "lables" is near "labels", "ram" is near nothing. */
function didYouMean(word: string, known: readonly string[]): string | undefined {
  const maxDistance = Math.max(1, Math.floor(Math.min(word.length, 30) / 3));
  const match = word.length > 100 ? undefined : closestMatch(word, [...known], { maxDistance });
  return match === undefined ? undefined : `did you mean ${match}?`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is empty';
  if (Array.isArray(value)) return value.length === 0 ? 'is an empty list' : `is a list of ${value.length}`;
  if (typeof value === 'object') return 'is a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return `is ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}

function problem(path: Finding['path'], message: string): Finding {
  return { severity: 'problem', path, message };
}

function aboutKey(path: Finding['path'], message: string): Finding {
  return { ...problem(path, message), part: 'key' };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
