/**
 * The custom resource `Custom::RemovalGuard`: CloudFormation's request in, its answer out (CloudFormation docs, "Custom
 * resource request objects"). Whatever happens is answered: a request without an answer blocks its stack for an hour.
 */
import * as z from 'zod/mini';
import type { Guarded, RemovalRequest } from '../core/guard.ts';
import { PREFIX_PATTERN } from '../core/name.ts';
import { guard, type Verdict } from '../flows/guard.ts';
import type { Capacity, CloudFormation, World } from '../world.ts';

export type GuardHandlerWorld = {
  /** A port that fails every call once so many milliseconds are over. */
  capacityFor: (milliseconds: number) => Capacity;
  cloudFormation: CloudFormation;
  log: World['log'];
};

/** What the handler needs of Lambda's context. */
export type RemainingTime = { getRemainingTimeInMillis: () => number };

/** Then nothing new is begun: a call and its repetitions may take most of half a minute, and putting back the rest. */
const PUT_BACK_MS = 45_000;
/** Then only the answer is left to give. */
const ANSWER_MS = 10_000;

/** A `Create` that failed leaves this, so that the `Delete` which follows knows that nothing was ever guarded. */
const NEVER_CREATED = 'never-created';

export function guardHandler(world: GuardHandlerWorld): (event: unknown, context: RemainingTime) => Promise<void> {
  return async (event, context) => {
    const envelope = envelopeSchema.parse(event);
    const verdict = await judged(world, envelope, context);
    const { RequestType: type, LogicalResourceId, RequestId, StackId } = envelope;
    world.log({ decision: `removal ${verdict.kind}`, reason: verdict.reason, request: type, stack: StackId });
    await world.cloudFormation.answer(envelope.ResponseURL, {
      Status: verdict.kind === 'allowed' ? 'SUCCESS' : 'FAILED',
      Reason: short(verdict.reason),
      PhysicalResourceId: physicalId(envelope, verdict),
      LogicalResourceId,
      RequestId,
      StackId,
    });
  };
}

const envelopeSchema = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.string(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.optional(z.string()),
  ResourceProperties: z.optional(z.unknown()),
  OldResourceProperties: z.optional(z.unknown()),
});
type Envelope = z.infer<typeof envelopeSchema>;

async function judged(world: GuardHandlerWorld, envelope: Envelope, context: RemainingTime): Promise<Verdict> {
  if (envelope.RequestType === 'Delete' && envelope.PhysicalResourceId === NEVER_CREATED) {
    return { kind: 'allowed', reason: 'nothing was ever guarded' };
  }
  try {
    const request = removalRequest(envelope);
    const leftMs = context.getRemainingTimeInMillis();
    const capacity = world.capacityFor(Math.max(0, leftMs - PUT_BACK_MS));
    const putBack = world.capacityFor(Math.max(0, leftMs - ANSWER_MS));
    return await guard({ capacity, putBack }, request);
  } catch (error) {
    return { kind: 'refused', reason: `${error instanceof Error ? error.message : 'unknown error'}. Repeat it` };
  }
}

const propertiesSchema = z.object({
  Cluster: z.string().check(z.minLength(1)),
  Prefix: z.string().check(z.regex(PREFIX_PATTERN)),
  Groups: z.optional(
    z.array(
      z.object({
        CapacityProvider: z.string().check(z.minLength(1)),
        AutoScalingGroup: z.string().check(z.minLength(1)),
      }),
    ),
  ),
  Mode: z.enum(['launch', 'observe']),
});

function removalRequest(envelope: Envelope): RemovalRequest {
  const now = guarded('ResourceProperties', envelope.ResourceProperties);
  if (envelope.RequestType === 'Create') return { kind: 'create', now };
  if (envelope.RequestType === 'Delete') return { kind: 'delete', now };
  return { kind: 'update', now, before: guarded('OldResourceProperties', envelope.OldResourceProperties) };
}

function guarded(field: string, properties: unknown): Guarded {
  const parsed = propertiesSchema.safeParse(properties);
  if (!parsed.success) {
    const places = [...new Set(parsed.error.issues.map(({ path }) => [field, ...path].join('.')))];
    throw new Error(`the removal guard of this stack is declared wrongly: look at ${places.join(', ')}`);
  }
  const { Cluster, Groups = [], Mode, Prefix } = parsed.data;
  const groups = Groups.map(({ AutoScalingGroup, CapacityProvider }) => ({
    autoScalingGroup: AutoScalingGroup,
    capacityProvider: CapacityProvider,
  }));
  return { cluster: Cluster, prefix: Prefix, groups, launches: Mode === 'launch' };
}

/** Always the same for a resource, else CloudFormation takes it for another and deletes the first. */
function physicalId({ RequestType, PhysicalResourceId, StackId }: Envelope, { kind }: Verdict): string {
  if (RequestType === 'Create' && kind === 'refused') return NEVER_CREATED;
  return PhysicalResourceId || `removal-guard of ${StackId}`;
}

/** The whole answer may have 4096 bytes (CloudFormation docs, "Custom resource response objects"). */
const REASON_CHARACTERS_MAX = 1_000;

function short(reason: string): string {
  const line = reason.replaceAll(/[\s\p{Cc}]+/gu, ' ');
  return line.length <= REASON_CHARACTERS_MAX ? line : `${line.slice(0, REASON_CHARACTERS_MAX - 1)}…`;
}
