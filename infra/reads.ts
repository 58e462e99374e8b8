/** Which metrics a widget or an alarm reads, found in what is deployed: for the pictures, and for the tests that join them. */
import type { Line } from './dashboard.ts';

/** `dimensions`: those that are named, with their values; `undefined` for every value. */
export type Read = {
  namespace: string;
  metric: string;
  dimensions: Readonly<Record<string, string | undefined>>;
  statistic: string;
};

/** Empty for mathematics over other lines of the widget. */
export function readsOfLine(line: Line): Read[] {
  const [first, metric] = line;
  const options = optionsOf(line);
  if (typeof first !== 'string') return searchesIn(String(options['expression']));
  const names = line.slice(2).filter((part) => typeof part === 'string');
  const pairs = names.flatMap((name, index) => (index % 2 === 0 ? [[name, names[index + 1]] as const] : []));
  const statistic = String(options['stat'] ?? 'Average');
  return [{ namespace: first, metric: String(metric), dimensions: Object.fromEntries(pairs), statistic }];
}

/** The object at the end of a line: label, color, expression … */
export function optionsOf(line: Line): Readonly<Record<string, unknown>> {
  const last = line.at(-1);
  return typeof last === 'object' && last !== null ? (last as Record<string, unknown>) : {};
}

/** AWS docs, "CloudWatch search expression syntax": the schema, then exact terms, then the statistic and the period. */
function searchesIn(expression: string): Read[] {
  return [...expression.matchAll(/SEARCH\('\{([^}]*)\} ([^']*)', '(\w+)', \d+\)/g)].map(
    ([, schema = '', terms = '', statistic = '']) => {
      const [namespace = '', ...dimensions] = schema.split(',');
      const exact = Object.fromEntries(
        [...terms.matchAll(/([\w.]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
      );
      return {
        namespace,
        metric: exact['MetricName'] ?? '',
        dimensions: Object.fromEntries(dimensions.map((dimension) => [dimension, exact[dimension]])),
        statistic,
      };
    },
  );
}
