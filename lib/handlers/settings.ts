/** The functions' environment, read once, checked whole: all problems together. Nothing in it is secret. */
import { PREFIX_PATTERN } from '../core/name.ts';

type Check = (value: string) => boolean;

const isUrl: Check = (value) => URL.canParse(value) && /^https?:\/\/[^/]/.test(value);
const isSomething: Check = (value) => value !== '';

const CHECKS = {
  AWS_REGION: { check: isSomething, wanted: 'the region; Lambda sets it' },
  PARAMETERS_PATH: { check: (value) => /^(\/[\w.-]+)+$/.test(value), wanted: 'a path such as /ecs-runners/production' },
  DEPLOYMENT: { check: isSomething, wanted: 'the name of the deployment, for humans and metrics' },
  MODE: { check: (value) => ['launch', 'observe'].includes(value), wanted: 'launch or observe' },
  PREFIX: { check: (value) => PREFIX_PATTERN.test(value), wanted: '1 to 12 of a-z and 0-9' },
  QUEUE_URL: { check: isUrl, wanted: 'the URL of the demand queue' },
  HISTORY_TABLE: { check: isSomething, wanted: 'the name of the table' },
  BACKLOG_TABLE: { check: isSomething, wanted: 'the name of the table' },
  RUNNERS_TABLE: { check: isSomething, wanted: 'the name of the table' },
  CLUSTER: { check: isSomething, wanted: 'the name or ARN of the ECS cluster' },
  REGISTRAR_URL: { check: isUrl, wanted: 'the URL of the API that containers reach' },
  GITHUB_URL: { check: isUrl, wanted: 'https://github.com, https://SUB.ghe.com or https://HOST' },
} satisfies Record<string, { check: Check; wanted: string }>;

export type SettingName = keyof typeof CHECKS;

export const WEBHOOK_SETTINGS = ['AWS_REGION', 'PARAMETERS_PATH', 'DEPLOYMENT', 'PREFIX', 'QUEUE_URL'] as const;
export const ALL_SETTINGS = Object.keys(CHECKS) as SettingName[];

/** Throws one error that names every variable that is missing or wrong, and what it should be. */
export function readSettings<Name extends SettingName>(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly Name[],
): Readonly<Record<Name, string>> {
  const problems = names.flatMap((name) => {
    const value = environment[name];
    if (value === undefined) return [`${name} is not set (${CHECKS[name].wanted})`];
    return CHECKS[name].check(value) ? [] : [`${name} is ${JSON.stringify(value)}, but must be ${CHECKS[name].wanted}`];
  });
  if (problems.length > 0) throw new Error(`The function's environment is not complete: ${problems.join('; ')}.`);
  const entries = names.map((name) => [name, environment[name]] as const);
  return Object.freeze(Object.fromEntries(entries) as Record<Name, string>);
}

/** The variables that move every client of AWS's SDKs, for the services to which we speak without one (AWS docs, "Service-specific endpoints"). */
export function endpointOf(
  service: 'SSM' | 'STS',
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return environment[`AWS_ENDPOINT_URL_${service}`] || environment['AWS_ENDPOINT_URL'] || undefined;
}
