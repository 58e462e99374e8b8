/** The first process of the container, as a process here: what it starts stands in for the bootstrap. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { bootstrapCommand } from '../../../infra/bootstrap.ts';

const INIT = bootstrapCommand().at(-1) ?? '';

function start(program: string, input = '') {
  const child = spawn('/bin/sh', ['-c', INIT, 'first', process.execPath, program, '/home'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  const ended = new Promise<number | null>((done) => child.on('exit', done));
  const says = new Promise<void>((done) => child.stdout.once('data', () => done()));
  return { child, ended, says, output: text(child.stdout) };
}

test.each([0, 3, 127])('ends as the bootstrap ends: with %i', async (code) => {
  expect(await start(`process.exit(${code})`).ended).toBe(code);
});

test('a bootstrap that is killed is an end without a job', async () => {
  expect(await start('process.kill(process.pid, "SIGKILL")').ended).toBe(137);
});

test('gives it standard input, its program and the runner’s folder', async () => {
  const { output, ended } = start(
    'process.stdin.pipe(process.stdout); console.log(process.argv.slice(1).join())',
    'ticket',
  );
  expect(await ended).toBe(0);
  expect(await output).toBe('bootstrap,/home\nticket');
});

test('passes SIGTERM on, as often as it comes, and waits for the end', async () => {
  const { child, says, ended } = start(
    'let n = 0; process.on("SIGTERM", () => { n += 1; if (n === 2) process.exit(7); else console.log("once"); }); console.log("ready"); setInterval(() => {}, 1000)',
  );
  await says;
  const once = new Promise<void>((done) => child.stdout.once('data', () => done()));
  child.kill('SIGTERM');
  await once;
  child.kill('SIGTERM');
  expect(await ended).toBe(7);
});

/** `linger`: the orphan has ended long before; whoever was its parent then has not. */
test('waits for processes whose parents have ended', async () => {
  // Only the first process of a PID namespace inherits orphans; here it is made to.
  const program = `
    const { spawn } = require('node:child_process');
    const { readFileSync } = require('node:fs');
    const orphan = spawn('/bin/sh', ['-c', 'sleep 0.2 & echo $!'], { stdio: ['ignore', 'pipe', 'ignore'] });
    orphan.stdout.on('data', (id) => setTimeout(() => {
      let state = 'gone';
      try { state = readFileSync('/proc/' + String(id).trim() + '/stat', 'utf8').split(') ')[1][0]; } catch {}
      console.log(state);
      process.exit(0);
    }, 600));
  `;
  const child = spawn(
    'unshare',
    ['--pid', '--fork', '--mount-proc', '/bin/sh', '-c', INIT, 'first', process.execPath, program, '/'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  expect((await text(child.stdout)).trim()).toBe('gone');
});

test('its own environment and arguments name no ticket', () => {
  expect(INIT).not.toContain('TICKET');
  expect(readFileSync(new URL('../../../infra/runner/start.sh', import.meta.url), 'utf8')).toContain(
    'unset ECS_RUNNERS_TICKET ECS_RUNNERS_DOCKER_LOGIN',
  );
});
