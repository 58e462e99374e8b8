/** What the Docker engine itself says of the runners' containers: its events, from the first to the last. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Engine, end } from './engine.ts';
import { IMAGE_NAME } from './image.ts';

export type Container = {
  id: string;
  image: string;
  /** Of its environment: the runner that it is to be. */
  runner: string;
  exitCode?: number;
  /** Signals from outside, by number. */
  signals: number[];
};

export type Containers = {
  all: () => Container[];
  living: () => Container[];
  /** Called when one has started. */
  onStart: ((container: Container) => Promise<void>) | undefined;
  close: () => Promise<void>;
};

type Event = { Action: string; Actor: { ID: string; Attributes: Record<string, string> } };

export async function watchContainers({ environment, docker }: Engine): Promise<Containers> {
  const known = new Map<string, Container>();
  const options = ['events', '--filter', 'type=container', '--format', '{{json .}}'];
  const events = spawn('docker', options, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const containers: Containers = {
    all: () => [...known.values()],
    living: () => [...known.values()].filter(({ exitCode }) => exitCode === undefined),
    onStart: undefined,
    close: () => end(events),
  };
  createInterface({ input: events.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as Event;
    const { ID: id, Attributes: attributes } = event.Actor;
    if (!attributes['image']?.startsWith(`${IMAGE_NAME}:`)) return;
    const container = known.get(id) ?? { id, image: attributes['image'], runner: '', signals: [] };
    known.set(id, container);
    if (event.Action === 'start') void started(containers, container, docker);
    if (event.Action === 'kill') container.signals.push(Number(attributes['signal']));
    if (event.Action === 'die') container.exitCode = Number(attributes['exitCode']);
  });
  return containers;
}

async function started(containers: Containers, container: Container, docker: Engine['docker']): Promise<void> {
  const environment = await docker('inspect', '--format', '{{json .Config.Env}}', container.id).catch(() => '[]');
  const named = (JSON.parse(environment) as string[]).find((one) => one.startsWith('ECS_RUNNERS_NAME='));
  container.runner = named?.replace('ECS_RUNNERS_NAME=', '') ?? '';
  await containers.onStart?.(container);
}
