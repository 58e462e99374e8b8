/** The table of the latest run, in a document between two marks. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';

const BEGIN = '<!-- table: begin -->';
const END = '<!-- table: end -->';

export async function replaceTable(path: string, table: string, command: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined)
    throw new Error(`${path} has not the lines ${BEGIN} and ${END}, between which the table goes`);
  await writeFile(path, `${before}${BEGIN}\n${origin(command)}\n\n${table}\n${END}${after}`);
}

/** What was run, on which commit. */
function origin(command: string): string {
  const commit = execFileSync('git', ['log', '-1', '--format=%h of %cs'], { encoding: 'utf8' }).trim();
  return `\`${command}\`, on commit ${commit}:`;
}
