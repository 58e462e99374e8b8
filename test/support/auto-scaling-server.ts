/** HTTP in front of the simulated Auto Scaling: AWS's query protocol, forms in and XML out, for the real SDK client. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AutoScalingError, type AutoScalingService } from '../../lib/sim/auto-scaling.ts';

export type ServedAutoScaling = { url: string; close: () => Promise<void> };

export async function serveAutoScaling(service: AutoScalingService): Promise<ServedAutoScaling> {
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const { body, status } = answer(service, form);
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => close(server) };
}

function answer(service: AutoScalingService, form: URLSearchParams): { status: number; body: string } {
  const operation = form.get('Action') ?? '';
  try {
    const result = service.call(operation, inputOf(form));
    return {
      status: 200,
      body: `<${operation}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/"><${operation}Result>${xml(result)}</${operation}Result></${operation}Response>`,
    };
  } catch (error) {
    if (!(error instanceof AutoScalingError)) throw error;
    const { code, message } = error;
    const status = code === 'ServiceUnavailable' ? 503 : 400;
    const content = xml({ Error: { Type: 'Sender', Code: code, Message: message } });
    return { status, body: `<ErrorResponse>${content}<RequestId>1</RequestId></ErrorResponse>` };
  }
}

/** `Name.member.1=a&Name.member.2=b` is a list; `true` and `false` are what they say. */
function inputOf(form: URLSearchParams): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [key, value] of form) {
    const [name = '', member] = key.split('.');
    const parsed = value === 'true' ? true : value === 'false' ? false : value;
    input[name] = member === undefined ? parsed : [...((input[name] as unknown[] | undefined) ?? []), parsed];
  }
  return input;
}

function xml(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => `<member>${xml(item)}</member>`).join('');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, content]) => `<${name}>${xml(content)}</${name}>`)
      .join('');
  }
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
