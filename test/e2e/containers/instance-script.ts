/** What infra/instance.sh installs on a new instance, taken out of it as it stands. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** `metadata`: before the agent starts. `leftovers`: each hour. */
export async function instanceScript(name: 'metadata' | 'leftovers'): Promise<string> {
  const text = await readFile(fileURLToPath(new URL('../../../infra/instance.sh', import.meta.url)), 'utf8');
  const [, script] = PATTERNS[name].exec(text) ?? [];
  if (script === undefined) throw new Error(`infra/instance.sh installs no ${name} any more`);
  return script;
}

const PATTERNS = {
  metadata: /ecs-runners-metadata\.service <<'UNIT'[\s\S]*?\nExecStart=\/bin\/sh -c '(.*)'\n/,
  leftovers: /bin\/ecs-runners-leftovers <<'SCRIPT'\n([\s\S]*?)\nSCRIPT\n/,
};
