/** What all clients of the AWS SDK have in common, in every function. */

/** Connecting takes milliseconds inside a region. */
const CONNECTION_TIMEOUT_MS = 2_000;
/** Longer than any answer of AWS that still says something. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Credentials and other endpoints come from the environment, as the SDK finds them. */
export function clientSettings({ region }: { region: string }) {
  return {
    region,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Without it, a request that takes longer is only warned about.
      throwOnRequestTimeout: true,
    },
  };
}
