/** `npm run pools -- [FILE]`: what the pools file says, or everything that is wrong with it. */
import Table from 'cli-table3';
import { program } from 'commander';
import { type CapacityGroup, capacityGroups, capacityOf } from '../pools-file/capacity.ts';
import type { PoolsFile } from '../pools-file/schema.ts';
import { problemLine, readPoolsFile } from '../pools-file.ts';

const PLAIN = { head: [], border: [] };

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
  console.log(poolsTable(parsed.file));
  const groups = capacityGroups(parsed.file);
  if (groups.length > 0) console.log(groupsTable(groups));
  if (parsed.file.unlabelled) console.log(`Jobs without labels go to ${parsed.file.unlabelled}.`);
  const again = parsed.file.pools.filter(({ rerun }) => rerun > 0).map(({ name }) => name);
  if (again.length > 0) {
    console.log(
      `Jobs of ${again.join(', ')} are run again when they die with their instance: the App needs Actions: read and write.`,
    );
  }
  for (const warning of parsed.warnings) console.error(`warning: ${problemLine(warning)}`);
  return 0;
}

function poolsTable(file: PoolsFile): string {
  const head = ['pool', 'labels', 'vCPU', 'MiB', 'docker', 'max', 'capacity', 'repositories', 'registered', 'role'];
  const rows = new Table({ head, style: PLAIN });
  for (const pool of file.pools) {
    rows.push([
      pool.name,
      pool.labels.join('\n'),
      pool.cpu / 1024,
      pool.memory,
      pool.docker,
      pool.max,
      capacityOf(file, pool) ?? `provider ${pool.capacityProvider}`,
      (pool.repositories ?? ['all']).join('\n'),
      pool.register === 'repository' ? 'on the repository' : `group ${pool.group}`,
      pool.taskRole?.replace(/^.*:role\//, '') ?? '',
    ]);
  }
  return rows.toString();
}

function groupsTable(groups: readonly CapacityGroup[]): string {
  const head = ['capacity', 'instances', 'types', 'max', 'On-Demand', 'GiB disk', '$ per hour', 'schedules'];
  const rows = new Table({ head, style: PLAIN });
  for (const group of groups) {
    rows.push([
      group.name,
      group.architecture,
      group.instanceTypes.join('\n'),
      group.max,
      `first ${group.onDemandBase}, then ${group.onDemandPercent} %`,
      group.diskGiB,
      group.pricePerHour,
      group.schedules.map(({ cron, timeZone, min }) => `${cron} ${timeZone}: at least ${min}`).join('\n'),
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
