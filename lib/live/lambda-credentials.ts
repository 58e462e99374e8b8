/**
 * Stands in for `@aws-sdk/credential-provider-node` in the bundles. The whole chain (profiles, SSO, instance metadata …)
 * adds 35 to 60 ms to a cold start, and a Lambda function has its credentials in the environment
 * (Lambda docs: "Defined runtime environment variables").
 */

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

/** What the SDK's clients call once per client; the environment is read when a request is signed, not before. */
export function defaultProvider(): () => Promise<Credentials> {
  return async () => credentials(process.env);
}

function credentials(environment: NodeJS.ProcessEnv): Credentials {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) {
    throw new Error('no AWS credentials: this bundle takes them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only');
  }
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}
