/** The four functions with what a deployment gives them: variables, time-outs, concurrency. */
import { createFunction, type LocalFunction } from './lambda.ts';
import type { SharedTime } from './shared-time.ts';

export type FunctionName = 'webhook' | 'scaler' | 'registrar' | 'janitor';
export type LocalFunctions = Record<FunctionName, LocalFunction>;

export type FunctionsOptions = {
  /** A bundle's file by function. */
  bundles: Record<FunctionName, string>;
  environment: Readonly<Record<string, string>>;
  time: SharedTime;
  log: (name: FunctionName, line: string) => void;
};

/** Real seconds. */
const LIMITS: Record<FunctionName, { timeoutSeconds: number; concurrency: number }> = {
  webhook: { timeoutSeconds: 10, concurrency: 4 },
  // Lambda docs: the pollers of a queue start with five batches at a time.
  scaler: { timeoutSeconds: 30, concurrency: 5 },
  // API Gateway docs: an integration has 30 seconds.
  registrar: { timeoutSeconds: 30, concurrency: 4 },
  // One at a time by its schedule; the second one is for the minutes in which two are to run (`janitor.overlaps`).
  janitor: { timeoutSeconds: 60, concurrency: 2 },
};

export const SCALER_CONCURRENCY = LIMITS.scaler.concurrency;

export function createFunctions({ bundles, environment, time, log }: FunctionsOptions): LocalFunctions {
  const create = (name: FunctionName): LocalFunction =>
    createFunction({
      name,
      bundle: bundles[name],
      environment,
      time,
      log: (line) => log(name, line),
      ...LIMITS[name],
    });
  return {
    webhook: create('webhook'),
    scaler: create('scaler'),
    registrar: create('registrar'),
    janitor: create('janitor'),
  };
}

/** The variables that the functions read, and the addresses that AWS's SDK takes from the environment by itself. */
export function functionVariables(stack: {
  deployment: string;
  registrarUrl: string;
  githubUrl: string;
  ecsEndpoint: string;
  stsEndpoint: string;
  cluster: string;
  prefix: string;
  parametersPath: string;
  parametersEndpoint: string;
  queue: { endpoint: string; queueUrl: string };
  tables: { endpoint: string; names: Record<'history' | 'backlog' | 'runners', string> };
}): Record<string, string> {
  const { history, backlog, runners } = stack.tables.names;
  return {
    AWS_ENDPOINT_URL_ECS: stack.ecsEndpoint,
    AWS_ENDPOINT_URL_STS: stack.stsEndpoint,
    AWS_ENDPOINT_URL_SQS: stack.queue.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: stack.tables.endpoint,
    AWS_ENDPOINT_URL_SSM: stack.parametersEndpoint,
    QUEUE_URL: stack.queue.queueUrl,
    HISTORY_TABLE: history,
    BACKLOG_TABLE: backlog,
    RUNNERS_TABLE: runners,
    CLUSTER: stack.cluster,
    DEPLOYMENT: stack.deployment,
    MODE: 'launch',
    PARAMETERS_PATH: stack.parametersPath,
    PREFIX: stack.prefix,
    REGISTRAR_URL: stack.registrarUrl,
    GITHUB_URL: stack.githubUrl,
  };
}
