/**
 * The JIT configuration as the files that it is made of. The runner does nothing else with it (actions/runner, Runner.cs),
 * but what was in its environment once stays in /proc/<listener>/environ, where a step of the job can read it.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveTo, type User } from './runner-user.ts';

/** True if the listener needs nothing more; it is GitHub's own if its program is there. */
export function writeJitFiles(home: string, user: User, jitConfig: string): boolean {
  const files = filesOf(jitConfig);
  if (files === undefined || !existsSync(join(home, 'bin/Runner.Listener.dll'))) return false;
  for (const [name, content] of files) {
    const path = join(home, name);
    writeFileSync(path, content, { mode: 0o600 });
    giveTo(user, path);
  }
  return true;
}

/** Base64 of JSON of names and contents, these in base64 too. Anything else is left to the listener. */
function filesOf(jitConfig: string): [string, Buffer][] | undefined {
  try {
    const files = Object.entries(JSON.parse(Buffer.from(jitConfig, 'base64').toString()) as Record<string, string>);
    if (files.length === 0 || !files.every(([name]) => /^\.\w+$/.test(name))) return undefined;
    return files.map(([name, content]) => [name, Buffer.from(content, 'base64')]);
  } catch {
    return undefined;
  }
}
