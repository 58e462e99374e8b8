/** Which variables a container gets besides its own (docs/decisions/0014-docker-socket-proxy.md). */

/** Who brings one of these has said who it is: if that fails, it shall fail, and not become the task. */
const CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'];
const REGIONS = ['AWS_REGION', 'AWS_DEFAULT_REGION'];

/** As the daemon takes them, `NAME=value`. `own`: those of the request; a name alone only takes away what the image has. */
export function environmentFor(own: readonly string[], added: Readonly<Record<string, string>>): string[] {
  const brings = (name: string) => own.some((one) => one.startsWith(`${name}=`));
  // SDKs take an empty value for none; workflows pass on secrets that are not there.
  const brought = (name: string) => own.some((one) => one.startsWith(`${name}=`) && one.length > name.length + 1);
  const isKept = (name: string) =>
    REGIONS.includes(name) ? REGIONS.some(brings) : brings(name) || CREDENTIALS.some(brought);
  return Object.entries(added).flatMap(([name, value]) => (isKept(name) ? [] : [`${name}=${value}`]));
}
