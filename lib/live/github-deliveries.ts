/** The deliveries of the App's hook: for the App itself, not for an installation of it. */

import type { HookDelivery } from '../core/deliveries.ts';
import type { GitHub } from '../world.ts';
import { type Call, unreadable } from './errors.ts';
import { isObject, presentText, timeOf } from './github-answers.ts';
import type { AppRequests } from './github-app.ts';

const PAGE_ENTRIES = 100;

export function deliveriesOf(asApp: AppRequests): Pick<GitHub, 'failedDeliveries' | 'redeliver'> {
  return {
    failedDeliveries: (cursor) => {
      const call: Call = { doing: 'listing failed deliveries', effect: 'read' };
      return asApp(call, async (octokit) => {
        const { data, headers } = await octokit.request('GET /app/hook/deliveries', {
          per_page: PAGE_ENTRIES,
          status: 'failure',
          ...(cursor !== undefined && { cursor }),
        });
        const deliveries = Array.isArray(data) ? data.map(projected) : [undefined];
        if (deliveries.some((one) => one === undefined)) return unreadable(call);
        const next = nextCursor(headers.link);
        const value = { deliveries: deliveries as HookDelivery[], ...(next !== undefined && { next }) };
        return { kind: 'ok', value };
      });
    },
    redeliver: (id) =>
      asApp({ doing: `asking for delivery ${id} again`, effect: 'write' }, async (octokit) => {
        await octokit.request('POST /app/hook/deliveries/{delivery_id}/attempts', { delivery_id: id });
        return { kind: 'ok', value: undefined };
      }),
  };
}

/** A delivery without an answer has the code 0, or none. */
function projected(entry: unknown): HookDelivery | undefined {
  if (!isObject(entry)) return undefined;
  const { id, guid, delivered_at, event, action, status, status_code } = entry;
  const deliveredAt = timeOf(delivered_at);
  if (typeof id !== 'number' || typeof guid !== 'string' || typeof event !== 'string' || deliveredAt === undefined)
    return undefined;
  const kind = presentText(action);
  return {
    id,
    guid,
    deliveredAt,
    event,
    ...(kind !== undefined && { action: kind }),
    status: presentText(status) ?? '',
    statusCode: typeof status_code === 'number' ? status_code : 0,
  };
}

/** GitHub docs, "Using pagination": the next page's address, whose `cursor` is all that differs. */
function nextCursor(link: string | undefined): string | undefined {
  const [, address] = /<([^>]*)>;\s*rel="next"/.exec(link ?? '') ?? [];
  return address === undefined ? undefined : (new URL(address).searchParams.get('cursor') ?? undefined);
}
