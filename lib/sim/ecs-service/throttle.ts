/** Request throttling: token buckets shared by operations (ECS docs: "Request throttling for the Amazon ECS API"). */
import type { SimClock } from '../clock.ts';
import { EcsError } from './errors.ts';

type Limit = { burst: number; perSecond: number };
type Bucket = Limit & { tokens: number; filledAt: number };

const RESOURCE_MODIFY: Limit = { burst: 100, perSecond: 40 };
const RESOURCE_READ: Limit = { burst: 100, perSecond: 20 };
const CLUSTER_READ: Limit = { burst: 50, perSecond: 20 };
const CAPACITY_PROVIDER_READ: Limit = { burst: 50, perSecond: 20 };
const TASK_DEFINITION_MODIFY: Limit = { burst: 20, perSecond: 1 };
const TASK_DEFINITION_READ: Limit = { burst: 50, perSecond: 20 };

/** Operations with the same limit object share one bucket. */
const LIMITS: Readonly<Record<string, Limit>> = {
  RunTask: RESOURCE_MODIFY,
  StopTask: RESOURCE_MODIFY,
  UpdateContainerInstancesState: RESOURCE_MODIFY,
  DescribeTasks: RESOURCE_READ,
  ListTasks: RESOURCE_READ,
  DescribeContainerInstances: RESOURCE_READ,
  ListContainerInstances: RESOURCE_READ,
  DescribeClusters: CLUSTER_READ,
  DescribeCapacityProviders: CAPACITY_PROVIDER_READ,
  RegisterTaskDefinition: TASK_DEFINITION_MODIFY,
  DeregisterTaskDefinition: TASK_DEFINITION_MODIFY,
  DescribeTaskDefinition: TASK_DEFINITION_READ,
};

/** Takes a token for the operation, or throws ThrottlingException. */
export function createThrottle(clock: SimClock): (operation: string) => void {
  const buckets = new Map<Limit, Bucket>();
  return (operation) => {
    const limit = LIMITS[operation];
    if (limit === undefined) return;
    const bucket = buckets.get(limit) ?? { ...limit, tokens: limit.burst, filledAt: clock.now() };
    buckets.set(limit, bucket);
    refill(bucket, clock.now());
    if (bucket.tokens < 1) throw throttled();
    bucket.tokens -= 1;
  };
}

export function throttled(): EcsError {
  return new EcsError('ThrottlingException', 'Rate exceeded');
}

function refill(bucket: Bucket, now: number): void {
  const earned = ((now - bucket.filledAt) / 1000) * bucket.perSecond;
  bucket.tokens = Math.min(bucket.burst, bucket.tokens + earned);
  bucket.filledAt = now;
}
