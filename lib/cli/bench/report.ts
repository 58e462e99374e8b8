/** The figures as tables for a terminal. */
import Table from 'cli-table3';
import { awsCalls, githubCalls, type MeasuredBurst } from './burst.ts';
import type { Figures } from './figures.ts';
import type { Target } from './targets.ts';

export function report(figures: Figures): string {
  const { date, node, cpu, burst } = figures;
  return [
    `Node ${node}, ${cpu}, ${date}`,
    bundles(figures),
    events(figures),
    batch(figures),
    `Burst of ${burst.jobs} jobs, at most ${burst.max} at a time, ${burst.virtualMinutes.toFixed(0)} virtual minutes.\nA call of a port is one of the API, but for lists that come in pages.`,
    calls(burst),
    verdict(figures.targets),
  ].join('\n\n');
}

function bundles({ bundles: all, targets }: Figures): string {
  const rows = all.map(({ name, bytes, importMs, importOverEmptyMs, importCpuMs }) => [
    name,
    (bytes / 1000).toFixed(1),
    judged(targets, `${name}: bundle`),
    importMs.toFixed(1),
    importOverEmptyMs.toFixed(1),
    judged(targets, `${name}: import over empty`),
    importCpuMs.toFixed(1),
  ]);
  return table(['bundle', 'kB', 'target', 'import ms', 'over empty', 'target', 'CPU ms'], rows);
}

function events({ events: all, targets }: Figures): string {
  const rows = all.map(({ event, payloadBytes, withoutClientUs, throughSdkUs }) => [
    event,
    (payloadBytes / 1000).toFixed(1),
    withoutClientUs.toFixed(0),
    judged(targets, `${event} event without the client`),
    throughSdkUs.toFixed(0),
  ]);
  return table(['webhook event', 'payload kB', 'CPU µs, no client', 'target', 'CPU µs, SDK with a stub'], rows);
}

function batch({ batch: { launches, callMs, ms }, targets }: Figures): string {
  const name = `batch of ${launches} launches`;
  return table(['scaler', 'per call ms', 'ms', 'target'], [[name, callMs, ms.toFixed(0), judged(targets, name)]]);
}

function calls({ jobs, service, janitor, tokens }: MeasuredBurst): string {
  const perJob = (count: number) => (count / jobs).toFixed(3);
  const row = (name: string, own: number, cleaning: number) => [name, own, perJob(own), cleaning, perJob(cleaning)];
  const names = [...new Set([...Object.keys(service), ...Object.keys(janitor)])].toSorted();
  const each = names.map((name) => row(named(name), service[name] ?? 0, janitor[name] ?? 0));
  const rows = [
    ...each.filter(([name]) => String(name).startsWith('github.')),
    row('GitHub in all', githubCalls(service), githubCalls(janitor)),
    ['GitHub: tokens', tokens, perJob(tokens), '', ''],
    ...each.filter(([name]) => !String(name).startsWith('github.')),
    row('AWS in all', awsCalls(service), awsCalls(janitor)),
  ];
  return table(['call', 'webhook, scaler, registrar', 'per job', 'janitor', 'per job'], rows);
}

/** What a port's method asks of DynamoDB; the other ports' methods are named like the operations themselves. */
const OPERATIONS: Readonly<Record<string, string>> = {
  get: 'GetItem',
  getMany: 'BatchGetItem',
  list: 'Query',
  put: 'PutItem',
  remove: 'DeleteItem',
};

function named(call: string): string {
  const operation = OPERATIONS[call.split('.')[1] ?? ''];
  return operation === undefined ? call : `${call} (${operation})`;
}

function verdict(targets: readonly Target[]): string {
  const missed = targets.filter(({ ok }) => !ok);
  if (missed.length === 0) return `All ${targets.length} targets are reached.`;
  const lines = missed.map(({ name, value, limit, unit }) => `${name}: ${value.toFixed(1)} of ${limit} ${unit}`);
  return `${missed.length} of ${targets.length} targets are missed:\n${lines.join('\n')}`;
}

function judged(targets: readonly Target[], name: string): string {
  const found = targets.find((one) => one.name === name);
  return found === undefined ? '' : `≤ ${found.limit} ${found.ok ? 'ok' : 'missed'}`;
}

function table(head: string[], rows: (string | number)[][]): string {
  const colAligns = head.map((_, index) => (index === 0 ? 'left' : 'right') as 'left' | 'right');
  const made = new Table({ head, colAligns, style: { head: [], border: [] } });
  made.push(...rows);
  return made.toString();
}
