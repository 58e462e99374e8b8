/**
 * Run as a process of its own by `npm run bench:proxy`: the same calls with the Docker proxy and without it, in turns. Sends
 * the medians.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from '../../lib/cli/bench/median.ts';
import type { Compared } from '../../lib/cli/bench-proxy.ts';
import { startEngine } from '../e2e/engine.ts';
import { IMAGE, makeImage } from '../e2e/image.ts';
import { callsOf, perSecond, upload } from './docker-calls.ts';

type Measure = Pick<Compared, 'name' | 'unit'> & { run: (socket: string) => Promise<number> };

const ROUNDS = 5;
const SINK_MEGABYTES = 1024;
const STDIN_MEGABYTES = 256;
const PROXY = fileURLToPath(new URL('../../infra/runner/docker-proxy.ts', import.meta.url));

const folder = await mkdtemp(join(tmpdir(), 'bench-proxy-'));
const engine = await startEngine(join(folder, 'engine'), (line) => console.error(line));
const children: ChildProcess[] = [];
try {
  await makeImage(folder, engine.environment);
  const host = engine.environment['DOCKER_HOST'] ?? process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';
  const sink = join(folder, 'sink.sock');
  await started(fileURLToPath(new URL('docker-sink.ts', import.meta.url)), sink);
  process.send?.([
    ...(await compareAll('daemon', host.replace('unix://', ''), daemonMeasures())),
    ...(await compareAll('sink', sink, sinkMeasures())),
  ]);
} finally {
  for (const child of children) child.kill('SIGKILL');
  await engine.close();
  await rm(folder, { recursive: true, force: true });
}
process.exit(0);

function daemonMeasures(): Measure[] {
  return [
    ...pings(2_000),
    creates(100, 1),
    creates(200, 8),
    { name: 'input of a container', unit: 'MB/s', run: input },
  ];
}

function sinkMeasures(): Measure[] {
  const run = (socket: string) => upload(socket, '/', SINK_MEGABYTES);
  return [...pings(20_000), { name: 'a stream', unit: 'MB/s', run }];
}

function pings(count: number): Measure[] {
  return [1, 16].map((width) => ({
    name: `GET /_ping, ${width} at a time`,
    unit: 'calls/s',
    async run(socket) {
      const { call, close } = callsOf(socket);
      const result = await perSecond(count, width, () => call('GET', '/_ping'));
      close();
      return result;
    },
  }));
}

function creates(count: number, width: number): Measure {
  return {
    name: `create and remove a container, ${width} at a time`,
    unit: 'pairs/s',
    async run(socket) {
      const { call, create, close } = callsOf(socket);
      const result = await perSecond(count, width, async () => {
        await call('DELETE', `/containers/${await create({ Image: IMAGE, Cmd: ['true'] })}`);
      });
      close();
      return result;
    },
  };
}

/** To `cat`, through an attached stream, until the container has ended. */
async function input(socket: string): Promise<number> {
  const { call, create, close } = callsOf(socket);
  const streams = { OpenStdin: true, StdinOnce: true, AttachStdin: true, HostConfig: { NetworkMode: 'none' } };
  const id = await create({ Image: IMAGE, User: '0', Cmd: ['sh', '-c', 'cat >/dev/null'], ...streams });
  await call('POST', `/containers/${id}/start`);
  const result = await upload(socket, `/containers/${id}/attach?stream=1&stdin=1&stdout=1`, STDIN_MEGABYTES);
  await call('DELETE', `/containers/${id}?force=1`);
  close();
  return result;
}

/** In turns, so that what else the machine does falls on both. */
async function compareAll(upstream: string, socket: string, measures: readonly Measure[]): Promise<Compared[]> {
  const proxied = join(folder, `${upstream}-proxy.sock`);
  await started(
    '-e',
    `import(${JSON.stringify(PROXY)}).then(({ proxyMain }) => proxyMain(process.argv[1])).then(() => process.send('ready'))`,
    optionsFor(proxied, socket),
  );
  const all: Compared[] = [];
  for (const { name, unit, run } of measures) {
    const rounds: [without: number, through: number][] = [];
    for (let round = 0; round < ROUNDS; round += 1) rounds.push([await run(socket), await run(proxied)]);
    const without = median(rounds.map(([one]) => one));
    all.push({ upstream, name, unit, without, through: median(rounds.map(([, one]) => one)) });
  }
  return all;
}

function optionsFor(listen: string, upstream: string): string {
  const environment = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/bench', AWS_REGION: 'eu-central-1' };
  return JSON.stringify({ listen: [listen], upstream, environment });
}

async function started(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  children.push(child);
  await once(child, 'message');
}
