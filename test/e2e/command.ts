/** Other programs: run to their end, with what they said when they failed. */
import { spawn } from 'node:child_process';

export type CommandOptions = {
  cwd?: string;
  environment?: Readonly<Record<string, string | undefined>>;
  secondsMax?: number;
  input?: string;
};

export type Ended = { exitCode: number | null; stdout: string; stderr: string };

/** How it ended, whatever that is. */
export async function ended(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.secondsMax !== undefined && { timeout: options.secondsMax * 1000, killSignal: 'SIGKILL' as const }),
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, ...output }));
  });
}

/** Its output. Throws with the command and what it said if it does not end with 0. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await ended(command, args, options);
  if (exitCode === 0) return stdout;
  const how = exitCode === null ? 'was killed, or took too long' : `ended with ${exitCode}`;
  throw new Error(`${command} ${args.join(' ')} ${how}:\n${stdout}${stderr}`.trim());
}
