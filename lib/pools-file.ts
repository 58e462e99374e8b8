/**
 * `pools.yml`: read, checked as a whole, every problem reported with its place and with what to do. For the command
 * line, the local stack and the deployment; the functions read the parameter that `functionsPools` makes of it.
 */
import { readFile } from 'node:fs/promises';
import type { Pool, Pools } from './core/pool.ts';
import { checkPools } from './pools-file/check.ts';
import { readDocument } from './pools-file/document.ts';
import type { Finding } from './pools-file/findings.ts';
import { type FilePool, JOB_HOURS_MAX, type PoolsFile } from './pools-file/schema.ts';

/** `place`: `pools.deploy.memory`; empty for the file as a whole. `line` and `column` count from 1. */
export type Problem = { file: string; place: string; line: number; column: number; message: string };

/** Of an ARN or a name that a deployment makes; families and log groups have the names of the stage and the pool in them. */
const RESOURCE_NAME_LETTERS_MAX = 300;

/** Warnings do not refuse a file. Problems and warnings stand in the order of the file. */
export type ParsedPools = { ok: true; file: PoolsFile; warnings: Problem[] } | { ok: false; problems: Problem[] };

/** Reads and parses the file. Throws if it cannot be read; what is wrong inside it is a value. */
export async function readPoolsFile(path: string): Promise<ParsedPools> {
  return parsePoolsFile(await readText(path), path);
}

/** Any text gives pools or problems; never an exception. `fileName` only appears in the problems. */
export function parsePoolsFile(text: string, fileName: string): ParsedPools {
  const { content, errors, locate } = readDocument(text);
  const { findings, file } = content ? checkPools(content.value, longestParameter) : { findings: [] };
  const asProblem = ({ path, part, message }: Finding): Problem => {
    return { file: fileName, place: path.join('.'), ...locate(path, part ?? 'value'), message };
  };
  const problems = errors.map((error): Problem => ({ file: fileName, ...error }));
  problems.push(...findings.filter(({ severity }) => severity === 'problem').map(asProblem));
  if (problems.length > 0 || !file) return { ok: false, problems: inOrder(problems) };
  return { ok: true, file, warnings: inOrder(findings.map(asProblem)) };
}

/** `pools.yml:12:5 pools.deploy.memory: is missing …` */
export function problemLine({ file, place, line, column, message }: Problem): string {
  return `${file}:${line}:${column}${place && ` ${place}`}: ${message}`;
}

/** What a deployment has made of a pool: its task definition (revision included), its tasks' role, where they run and write. */
export type PoolResources = Pick<Pool, 'taskDefinition' | 'capacityProvider' | 'role'> & { logGroup?: string };

/** Everything that the functions read, in one. */
export function functionsPools(file: PoolsFile, resolve: (pool: FilePool) => PoolResources): Pools {
  const pools = file.pools.map((pool) => functionsPool(pool, resolve(pool)));
  return { ...(file.unlabelled !== undefined && { unlabelled: file.unlabelled }), pools };
}

/** What the functions read of one pool. */
export function functionsPool(
  pool: FilePool,
  { taskDefinition, capacityProvider, role, logGroup }: PoolResources,
): Pool {
  const provider = capacityProvider ?? pool.capacityProvider;
  return {
    name: pool.name,
    labels: pool.labels,
    docker: pool.docker,
    max: pool.max,
    repositories: pool.repositories ?? [],
    register: pool.register,
    group: pool.group,
    ...(pool.registration === 'token' && { registration: 'token' as const }),
    ...(pool.taskRole !== undefined && { taskRole: pool.taskRole }),
    ...(role !== undefined && { role }),
    warm: pool.warm,
    idleSecondsMax: pool.idleSeconds,
    ...(pool.jobHours < JOB_HOURS_MAX && { jobHours: pool.jobHours }),
    ...(pool.rerun > 0 && { rerunsMax: pool.rerun }),
    taskDefinition,
    ...(provider !== undefined && { capacityProvider: provider }),
    ...(logGroup !== undefined && { logGroup }),
  };
}

/** Of a pool whose resources have the longest names there may be. */
function longestParameter(pool: FilePool): string {
  const name = 'x'.repeat(RESOURCE_NAME_LETTERS_MAX);
  return JSON.stringify(
    functionsPool(pool, { taskDefinition: name, capacityProvider: name, role: name, logGroup: name }),
  );
}

async function readText(path: string): Promise<string> {
  try {
    // Bytes that are not UTF-8 become replacement letters, and the check says where they are wrong.
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((one, other) => one.line - other.line || one.column - other.column);
}
