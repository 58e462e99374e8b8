/**
 * Decisions as JSON lines, one each, for CloudWatch Logs. A decision that counts something says so in the same line, in
 * the embedded metric format: CloudWatch makes the metrics from it, and nothing has to be sent.
 * AWS docs, "Specification: Embedded metric format".
 */
import { Logger } from '@aws-lambda-powertools/logger';
import type { Metric } from '../core/metrics.ts';
import { DEPLOYMENT_DIMENSION, METRICS, metricsOf, NAMESPACE } from '../core/metrics.ts';
import type { World } from '../world.ts';

/** `service` names the function, `deployment` the stack: it is the first dimension of every metric. */
export function createLog({ service, deployment = 'local' }: { service: string; deployment?: string }): World['log'] {
  const logger = new Logger({ serviceName: service });
  return (line) => logger.info(line.decision, { ...line, ...embedded(metricsOf(line), deployment, Date.now()) });
}

/** The fields of the line's root that make metrics of it; none if it counts nothing. `timestamp`: ms since 1970. */
function embedded(metrics: readonly Metric[], deployment: string, timestamp: number): Record<string, unknown> {
  if (metrics.length === 0) return {};
  const values = metrics.map(({ name, value, dimensions }) => ({ ...dimensions, [name]: value }));
  return Object.assign(
    { _aws: { Timestamp: timestamp, CloudWatchMetrics: metrics.map(directive) } },
    { [DEPLOYMENT_DIMENSION]: deployment },
    ...values,
  );
}

function directive({ name }: Metric): object {
  const { unit, sets } = METRICS[name];
  return {
    Namespace: NAMESPACE,
    Dimensions: sets.map((set) => [DEPLOYMENT_DIMENSION, ...set]),
    Metrics: [{ Name: name, Unit: unit }],
  };
}
