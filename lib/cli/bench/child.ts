/** Everything that is measured runs in a process of its own, so that nothing is warm from what ran before it. */
import { spawn } from 'node:child_process';
import { functionEnvironment } from './environment.ts';

/** Node shows the line that threw, which in a bundle is half of it. */
const ERROR_CHARACTERS_MAX = 2_000;

/**
 * Runs a module as a function's process and gives what it sends with `process.send`. What it prints goes to the null
 * device: written, as a function's log lines are, and seen by nobody. Throws when it fails, with its standard error.
 */
export function measured<Result>(file: string, ...parameters: string[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...parameters], {
      env: functionEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const said: Buffer[] = [];
    let result: { value: Result } | undefined;
    child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
    child.on('message', (value) => {
      result = { value: value as Result };
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 && result !== undefined) resolve(result.value);
      else
        reject(
          new Error(`${file} ended with ${code}: ${Buffer.concat(said).toString('utf8').slice(-ERROR_CHARACTERS_MAX)}`),
        );
    });
  });
}
