/** `npm run bench:proxy`: what the Docker socket proxy costs, with a Docker daemon and with the fastest one there could be. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { program } from 'commander';

/** Medians of the same, without the proxy and through it. */
export type Compared = { upstream: string; name: string; unit: string; without: number; through: number };

if (import.meta.main) {
  program
    .name('npm run bench:proxy --')
    .description('Calls and megabytes per second on a Docker socket, through the proxy and without it, in turns.')
    .action(async () => console.log(report(await measure())));
  await program.parseAsync();
}

async function measure(): Promise<Compared[]> {
  const child = fork(fileURLToPath(new URL('../../test/bench/docker-proxy.ts', import.meta.url)));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`nothing was measured: it ended with ${code}`);
  });
  const [compared] = await Promise.race([once(child, 'message'), ended]);
  return compared as Compared[];
}

function report(all: readonly Compared[]): string {
  const table = new Table({
    head: ['upstream', 'what', 'unit', 'without', 'through', 'ratio'],
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { upstream, name, unit, without, through } of all) {
    table.push([upstream, name, unit, without.toFixed(0), through.toFixed(0), (through / without).toFixed(2)]);
  }
  return table.toString();
}
