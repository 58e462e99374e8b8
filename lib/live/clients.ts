/** How every AWS client is set up, so that all behave alike. */
import type { SQSClient } from '@aws-sdk/client-sqs';

/** Connecting takes milliseconds inside a region; whatever is slower is tried again. */
const CONNECTION_TIMEOUT_MS = 2_000;
/** Longer than any answer of AWS that still says something. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Of the environment, or whatever else gives them. */
export type AwsCredentials = NonNullable<NonNullable<ConstructorParameters<typeof SQSClient>[0]>['credentials']>;

export type ClientSettings = {
  region: string;
  /** Absent: the SDK's own chain. */
  credentials?: AwsCredentials;
  /** Absent: the SDK's own. */
  endpoints?: { ecs?: string; sqs?: string; dynamodb?: string };
};

/** `service`: whose endpoint is taken, if one is set. */
export function clientSettings(settings: ClientSettings, service?: 'ecs' | 'sqs' | 'dynamodb') {
  const endpoint = service && settings.endpoints?.[service];
  return {
    region: settings.region,
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  };
}
