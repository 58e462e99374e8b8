/** From parameters, read again and again and parsed when they change, to what flows are configured with. */
import type { Config } from '../flows/config.ts';
import { type PoolTexts, parseApp, parsePools, parseSecrets, remembered } from './configuration.ts';
import type { WebhookConfig } from './webhook.ts';

export const WEBHOOK_PARAMETERS = ['pools', 'webhook-secrets'] as const;
export const PARAMETERS = ['pools', 'ticket-secrets', 'github-app'] as const;

type Read<Name extends string> = () => Promise<Readonly<Record<Name, string>>>;
/** As it is given again and again until it is read again. */
type ReadPools<Name extends string> = () => Promise<PoolTexts & Readonly<Record<Name, string>>>;

export function webhookConfig(read: ReadPools<'webhook-secrets'>, prefix: string): () => Promise<WebhookConfig> {
  const pools = remembered(parsePools);
  const secrets = remembered((text: string) => parseSecrets('webhook-secrets', text));
  return async () => {
    const values = await read();
    return { prefix, pools: pools(values), webhookSecrets: secrets(values['webhook-secrets']) };
  };
}

export function flowsConfig(
  read: ReadPools<'ticket-secrets'>,
  fixed: Pick<Config, 'prefix' | 'registrarUrl' | 'mode'>,
): () => Promise<Config> {
  const pools = remembered(parsePools);
  const secrets = remembered((text: string) => parseSecrets('ticket-secrets', text));
  const registrarUrl = fixed.registrarUrl.replace(/\/+$/, '');
  return async () => {
    const values = await read();
    const ticketSecrets = secrets(values['ticket-secrets']);
    return { ...fixed, registrarUrl, pools: pools(values), ticketSecrets };
  };
}

export function appConfig(read: Read<'github-app'>): () => Promise<{ appId: number; privateKey: string }> {
  const app = remembered(parseApp);
  return async () => app((await read())['github-app']);
}
