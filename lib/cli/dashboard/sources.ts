/** What a graph reads, in two small lines below it. */
import type { Line } from '../../../infra/dashboard.ts';
import { optionsOf, type Read, readsOfLine } from '../../../infra/reads.ts';
import type { Frame } from './draw.ts';
import { wrapped } from './markdown.ts';
import { FAINT, text } from './svg.ts';

const PADDING = 16;
const CHARACTER_WIDTH = 5.1;
const LINES_MAX = 2;

export function drawSources(lines: readonly Line[], frame: Frame): string {
  const shown = wrapped(sources(lines), Math.floor((frame.width - 2 * PADDING) / CHARACTER_WIDTH));
  return shown
    .slice(0, LINES_MAX)
    .map((line, index) =>
      text(frame.x + PADDING, frame.y + frame.height - 23 + index * 12, line, {
        'font-size': 8.6,
        'font-family': "'JetBrains Mono', Menlo, Consolas, 'Liberation Mono', monospace",
        fill: FAINT,
      }),
    )
    .join('\n');
}

/** Metrics of one namespace, dimensions and statistic together: `AWS/Lambda Errors, Throttles by FunctionName · Sum`. */
function sources(lines: readonly Line[]): string {
  const metricsOf = new Map<string, Set<string>>();
  for (const read of lines.flatMap(readsOfLine)) {
    const group = `${read.namespace} # ${by(read)}· ${read.statistic}`;
    metricsOf.set(group, (metricsOf.get(group) ?? new Set()).add(read.metric));
  }
  const mathematics = lines.flatMap((line) => {
    const { expression } = optionsOf(line);
    return typeof expression === 'string' && !expression.includes('SEARCH') ? [expression] : [];
  });
  const groups = [...metricsOf].map(([group, metrics]) => group.replace('#', [...metrics].join(', ')));
  return [...merged(groups), ...mathematics].join('; ');
}

/** The same metric with several statistics: `· p50, p90, p99`. */
function merged(groups: readonly string[]): string[] {
  const statistics = new Map<string, string[]>();
  for (const group of groups) {
    const [what = '', statistic = ''] = group.split('· ');
    statistics.set(what, [...(statistics.get(what) ?? []), statistic]);
  }
  return [...statistics].map(([what, list]) => `${what}· ${list.join(', ')}`);
}

/** Of our own metrics, the deployment goes without saying. */
function by({ dimensions }: Read): string {
  const names = Object.keys(dimensions).filter((name) => name !== 'Deployment' && name !== 'ClusterName');
  return names.length === 0 ? '' : `by ${names.join(', ')} `;
}
