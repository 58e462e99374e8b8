/** What the scaler, the registrar and the janitor are joined to: the live world, and their configuration. */
import type { Config, Mode } from '../lib/flows/config.ts';
import { poolParameters } from '../lib/handlers/configuration.ts';
import { appConfig, flowsConfig, PARAMETERS } from '../lib/handlers/read-config.ts';
import { ALL_SETTINGS, endpointOf, readSettings } from '../lib/handlers/settings.ts';
import { defaultProvider } from '../lib/live/lambda-credentials.ts';
import { createLog } from '../lib/live/log.ts';
import { createGetParameters } from '../lib/live/parameter-store.ts';
import { readParameters } from '../lib/live/parameters.ts';
import { createLiveWorld } from '../lib/live/world.ts';
import type { World } from '../lib/world.ts';

export function join(
  service: string,
  environment: Readonly<Record<string, string | undefined>>,
): { world: World; readConfig: () => Promise<Config> } {
  const settings = readSettings(environment, ALL_SETTINGS);
  const log = createLog({ service, deployment: settings.DEPLOYMENT });
  const parameters = readParameters({
    getParameters: createGetParameters({
      region: settings.AWS_REGION,
      credentials: defaultProvider(),
      endpoint: endpointOf('SSM', environment),
    }),
    path: settings.PARAMETERS_PATH,
    names: PARAMETERS,
    further: poolParameters,
    clock: { now: () => Date.now() },
    log,
  });
  const world = createLiveWorld({
    log,
    region: settings.AWS_REGION,
    stsEndpoint: endpointOf('STS', environment),
    cluster: settings.CLUSTER,
    queueUrl: settings.QUEUE_URL,
    tables: { history: settings.HISTORY_TABLE, backlog: settings.BACKLOG_TABLE, runners: settings.RUNNERS_TABLE },
    githubUrl: settings.GITHUB_URL,
    app: appConfig(parameters),
  });
  const readConfig = flowsConfig(parameters, {
    mode: settings.MODE as Mode,
    prefix: settings.PREFIX,
    registrarUrl: settings.REGISTRAR_URL,
  });
  return { world, readConfig };
}
