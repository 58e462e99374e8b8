/** REST: the App's hook and its deliveries. For the App itself only. */
import { addressOf, answer, failure, invalid, notFound, type RestAnswer } from './answers.ts';
import type { Hub } from './hub.ts';
import { eventText } from './payloads.ts';
import type { RestCall, Route } from './rest.ts';
import { type Delivery, type Hook, KEPT_MS } from './webhooks.ts';

export const hookRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/app/hook/config',
    caller: 'app',
    answer: ({ webhooks }) => answer(200, configJson(webhooks.hook)),
  },
  { method: 'PATCH', path: '/app/hook/config', caller: 'app', answer: changeConfig },
  { method: 'GET', path: '/app/hook/deliveries', caller: 'app', answer: listDeliveries },
  { method: 'GET', path: '/app/hook/deliveries/{delivery_id}', caller: 'app', answer: getDelivery },
  { method: 'POST', path: '/app/hook/deliveries/{delivery_id}/attempts', caller: 'app', answer: redeliver },
];

/** GitHub masks the secret. */
function configJson(hook: Hook) {
  return { content_type: hook.contentType, insecure_ssl: '0', secret: '********', url: hook.url ?? '' };
}

function changeConfig({ webhooks, body }: RestCall): RestAnswer {
  const { hook } = webhooks;
  if (body['content_type'] !== undefined && body['content_type'] !== 'json' && body['content_type'] !== 'form') {
    return invalid('Hook', 'content_type');
  }
  if (typeof body['url'] === 'string') hook.url = body['url'];
  if (typeof body['secret'] === 'string') hook.secret = body['secret'];
  if (body['content_type'] !== undefined) hook.contentType = body['content_type'] as Hook['contentType'];
  return answer(200, configJson(hook));
}

/** Newest first; the cursor is the id of the last one shown. */
function listDeliveries({ webhooks, request, hub }: RestCall): RestAnswer {
  const { cursor, status } = request.query ?? {};
  const perPage = Math.min(100, Number(request.query?.['per_page'] ?? 30));
  if (!Number.isInteger(perPage) || perPage < 1) return invalid('HookDelivery', 'per_page');
  const before = cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor.replace(/^v1_/, ''));
  if (Number.isNaN(before)) return failure(400, 'Invalid cursor');
  const page: Delivery[] = [];
  const oldest = hub.time.now() - KEPT_MS;
  for (let index = webhooks.deliveries.length - 1; index >= 0 && page.length <= perPage; index -= 1) {
    const delivery = webhooks.deliveries[index];
    if (delivery === undefined || delivery.deliveredAt < oldest) break;
    if (delivery.id < before && hasStatus(delivery, status)) page.push(delivery);
  }
  const shown = page.slice(0, perPage);
  const last = shown.at(-1);
  const next = last === undefined ? '' : addressOf(request, { cursor: `v1_${last.id}` });
  return answer(200, shown.map(itemJson), page.length > perPage ? { link: `<${next}>; rel="next"` } : {});
}

function hasStatus(delivery: Delivery, status: string | undefined): boolean {
  return status === undefined || (status === 'success') === (delivery.status === 'OK');
}

function getDelivery(call: RestCall): RestAnswer {
  const delivery = find(call);
  if (delivery === undefined) return notFound();
  return answer(200, {
    ...itemJson(delivery),
    url: call.webhooks.hook.url ?? '',
    request: {
      headers: delivery.request,
      payload: JSON.parse(eventText(delivery.action, delivery.job, delivery.repository)),
    },
    response: { headers: delivery.response.headers ?? {}, payload: delivery.response.body ?? null },
  });
}

/** The same GUID, a new delivery. */
function redeliver(call: RestCall): RestAnswer {
  const delivery = find(call);
  if (delivery === undefined) return notFound();
  call.webhooks.redeliver(delivery);
  return answer(202, {});
}

function find({ webhooks, params, hub }: RestCall): Delivery | undefined {
  const found = webhooks.deliveries.find(({ id }) => id === Number(params['delivery_id']));
  return found !== undefined && isKept(hub, found) ? found : undefined;
}

function isKept(hub: Hub, delivery: Delivery): boolean {
  return delivery.deliveredAt >= hub.time.now() - KEPT_MS;
}

function itemJson(delivery: Delivery) {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: new Date(delivery.deliveredAt).toISOString(),
    redelivery: delivery.redelivery,
    duration: delivery.durationSeconds,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: 'workflow_job',
    action: delivery.action,
    installation_id: delivery.installation.id,
    repository_id: delivery.repository.id,
    throttled_at: null,
  };
}
