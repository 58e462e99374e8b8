/** The user that the listener, and so every step of the job, runs as; the bootstrap stays root, out of the job's reach. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { chownSync, readFileSync, statSync } from 'node:fs';

export type User = { name: string; uid: number; gid: number; home: string };

/** RUNNER_USER of the image, or else who owns the runner's folder. */
export function runnerUser(folder: string, environment: NodeJS.ProcessEnv): User {
  const users = readUsers();
  const { RUNNER_USER: wanted } = environment;
  const { uid, gid } = statSync(folder);
  const found = users.find((user) => (wanted ? user.name === wanted || String(user.uid) === wanted : user.uid === uid));
  if (found !== undefined) return found;
  const id = /^\d+$/.test(wanted ?? '') ? Number(wanted) : uid;
  return { name: '', uid: id, gid: id === uid ? gid : id, home: folder };
}

/** passwd(5). */
function readUsers(): User[] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [name, , uid, gid, , home] = line.split(':');
        return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid), home: home || '/' }] : [];
      });
  } catch {
    return [];
  }
}

/** As that user, with all of its groups: `sudo` looks at them. Only root can become somebody else. */
export function spawnAs(user: User, command: readonly string[], options: SpawnOptions): ChildProcess {
  const { file, args, options: as } = commandAs(user, command, options.env ?? {});
  return spawn(file, args, { ...options, ...as });
}

export function commandAs(
  user: User,
  [file = '', ...args]: readonly string[],
  environment: NodeJS.ProcessEnv,
): { file: string; args: string[]; options: { env: NodeJS.ProcessEnv; uid?: number; gid?: number } } {
  if (process.getuid?.() !== 0 || user.uid === 0) return { file, args, options: { env: environment } };
  const env = { ...environment, HOME: user.home, USER: user.name, LOGNAME: user.name };
  if (user.name === '' || !hasExecve()) return { file, args, options: { env, uid: user.uid, gid: user.gid } };
  const self = ['--disable-warning=ExperimentalWarning', ...process.execArgv, 'become'];
  const whom = [user.name, String(user.uid), String(user.gid)];
  return { file: process.execPath, args: [...self, ...whom, file, ...args], options: { env } };
}

/** Node.js 23.11 and newer; the runner's own is 24. `@types/node` knows neither. */
type WholeProcess = typeof process & {
  execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => void;
  initgroups: (user: string, gid: number) => void;
};

function hasExecve(): boolean {
  return (process as WholeProcess).execve !== undefined;
}

/** The other end of `spawnAs`: the process becomes the command. `spawn` itself would leave the user without its groups. */
export function become([name = '', uid, gid, file = '', ...args]: readonly string[]): void {
  const self = process as WholeProcess;
  self.initgroups(name, Number(gid));
  process.setgid?.(Number(gid));
  process.setuid?.(Number(uid));
  self.execve?.(file, [file, ...args], process.env);
}

export function giveTo(user: User, path: string): void {
  if (process.getuid?.() === 0) chownSync(path, user.uid, user.gid);
}
