/** From parameters, read again and again and parsed when they change, to what flows are configured with. */
import type { Config } from '../flows/config.ts';
import { parseApp, parsePools, parseSecrets, remembered } from './configuration.ts';
import type { WebhookConfig } from './webhook.ts';

export const WEBHOOK_PARAMETERS = ['pools', 'webhook-secrets'] as const;
export const PARAMETERS = ['pools', 'ticket-secrets', 'github-app'] as const;

type Read<Name extends string> = () => Promise<Record<Name, string>>;

export function webhookConfig(
  read: Read<(typeof WEBHOOK_PARAMETERS)[number]>,
  prefix: string,
): () => Promise<WebhookConfig> {
  const pools = remembered(parsePools);
  const secrets = remembered((text) => parseSecrets('webhook-secrets', text));
  return async () => {
    const values = await read();
    return { prefix, pools: pools(values.pools), webhookSecrets: secrets(values['webhook-secrets']) };
  };
}

export function flowsConfig(
  read: Read<'pools' | 'ticket-secrets'>,
  fixed: { prefix: string; registrarUrl: string },
): () => Promise<Config> {
  const pools = remembered(parsePools);
  const secrets = remembered((text) => parseSecrets('ticket-secrets', text));
  const registrarUrl = fixed.registrarUrl.replace(/\/+$/, '');
  return async () => {
    const values = await read();
    const ticketSecrets = secrets(values['ticket-secrets']);
    return { prefix: fixed.prefix, registrarUrl, pools: pools(values.pools), ticketSecrets };
  };
}

export function appConfig(read: Read<'github-app'>): () => Promise<{ appId: number; privateKey: string }> {
  const app = remembered(parseApp);
  return async () => app((await read())['github-app']);
}
