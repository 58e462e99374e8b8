/** `npm run pools -- [FILE]`: what the pools file says, or everything that is wrong with it. */
import Table from 'cli-table3';
import { program } from 'commander';
import type { FilePool } from '../pools-file/schema.ts';
import { problemLine, readPoolsFile } from '../pools-file.ts';

program
  .name('npm run pools --')
  .description('Checks a pools file. Exit code: 0 sound, 1 problems, 2 the file cannot be read.')
  .argument('[file]', 'the file to check', 'pools.yml')
  .action(async (path: string) => {
    process.exitCode = await check(path);
  });

async function check(path: string): Promise<number> {
  const parsed = await readPoolsFile(path);
  if (!parsed.ok) {
    const { length } = parsed.problems;
    console.error(parsed.problems.map(problemLine).join('\n'));
    console.error(`\n${length} problem${length === 1 ? '' : 's'}; nothing uses the file until there is none.`);
    return 1;
  }
  console.log(table(parsed.file.pools));
  if (parsed.file.unlabelled) console.log(`Jobs without labels go to ${parsed.file.unlabelled}.`);
  for (const warning of parsed.warnings) console.error(`warning: ${problemLine(warning)}`);
  return 0;
}

function table(pools: readonly FilePool[]): string {
  const head = ['pool', 'labels', 'vCPU', 'MiB', 'docker', 'max', 'repositories', 'registered', 'role'];
  const rows = new Table({ head, style: { head: [], border: [] } });
  for (const pool of pools) {
    rows.push([
      pool.name,
      pool.labels.join('\n'),
      pool.cpu / 1024,
      pool.memory,
      pool.docker,
      pool.max,
      (pool.repositories ?? ['all']).join('\n'),
      pool.register === 'repository' ? 'on the repository' : `group ${pool.group}`,
      pool.taskRole?.replace(/^.*:role\//, '') ?? '',
    ]);
  }
  return rows.toString();
}

try {
  await program.parseAsync();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
