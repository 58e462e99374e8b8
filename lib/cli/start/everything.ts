/** The stack as the options ask for it, with bundles of its own. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stop as stopEsbuild } from 'esbuild';
import type { Closers } from '../../local/closers.ts';
import type { FunctionName } from '../../local/functions.ts';
import { PortBusy } from '../../local/listen.ts';
import { type Stack, startStack } from '../../local/stack.ts';
import type { PoolsFile } from '../../pools-file/schema.ts';
import { problemLine, readPoolsFile } from '../../pools-file.ts';
import { build } from '../build.ts';
import { CannotStart } from './errors.ts';
import type { StartOptions } from './options.ts';
import { addressesText, functionsLog } from './report.ts';

/** Throws `CannotStart` for what the user can change. */
export async function startEverything(
  options: StartOptions,
  started: Closers,
): Promise<{ stack: Stack; pools: PoolsFile }> {
  const pools = await readPools(options.pools);
  // Whoever waits for the file must not find one of an earlier run.
  if (options.ready !== undefined) await rm(options.ready, { force: true });
  const bundles = await buildBundles(started);
  const { port, speed, verbose } = options;
  const stack = await startStack({ pools, bundles, port, speed, log: functionsLog(verbose) }).catch(portHint);
  started.add(stack);
  console.log(`${addressesText(stack)}\n`);
  if (options.ready !== undefined) await writeReady(options.ready, stack);
  return { stack, pools };
}

async function readPools(path: string): Promise<PoolsFile> {
  const parsed = await readPoolsFile(path).catch((error: Error) => {
    throw new CannotStart(error.message, { cause: error });
  });
  if (!parsed.ok) throw new CannotStart(parsed.problems.map(problemLine).join('\n'));
  for (const warning of parsed.warnings) console.error(`warning: ${problemLine(warning)}`);
  return parsed.file;
}

/** In a directory of their own: several stacks may run at a time. */
async function buildBundles(started: Closers): Promise<Record<FunctionName, string>> {
  const outdir = await mkdtemp(join(tmpdir(), 'ecs-runners-'));
  started.add({ close: () => rm(outdir, { recursive: true, force: true }) });
  const bundles = await build({ outdir });
  // Its process would stay with us.
  await stopEsbuild();
  return Object.fromEntries(bundles.map(({ name, file }) => [name, file])) as Record<FunctionName, string>;
}

function portHint(error: unknown): never {
  if (!(error instanceof PortBusy)) throw error;
  throw new CannotStart(`${error.message}: choose another with --port, or any free one with --port 0`, {
    cause: error,
  });
}

/** All of it or nothing: readers never see half a file. */
async function writeReady(file: string, { addresses, webhookSecret }: Stack): Promise<void> {
  const unfinished = `${file}.${process.pid}.unfinished`;
  try {
    await writeFile(unfinished, `${JSON.stringify({ ...addresses, webhookSecret }, null, 2)}\n`);
    await rename(unfinished, file);
  } catch (error) {
    throw new CannotStart(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
  }
}
