/** CPU per webhook event: matched, ignored, wrongly signed; with and without the SDK's client of the queue. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleFile } from './bundles.ts';
import { measured } from './child.ts';
import { type WebhookCase, webhookInputs } from './webhook-input.ts';

export type MeasuredEvent = { event: WebhookCase; payloadBytes: number; withoutClientUs: number; throughSdkUs: number };

export async function measureWebhook(outdir: string): Promise<MeasuredEvent[]> {
  const bundle = bundleFile(outdir, 'webhook-events');
  const results: MeasuredEvent[] = [];
  await mkdir(join(outdir, 'input'), { recursive: true });
  for (const [event, input] of Object.entries(webhookInputs())) {
    const file = join(outdir, 'input', `${event}.json`);
    await writeFile(file, JSON.stringify(input));
    results.push({
      event: event as WebhookCase,
      payloadBytes: Buffer.byteLength(input.event.body ?? ''),
      withoutClientUs: await measured<number>(bundle, file, 'none'),
      throughSdkUs: await measured<number>(bundle, file, 'sdk'),
    });
  }
  return results;
}
