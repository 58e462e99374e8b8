/** Whether whoever has signed a request to STS is the very task that was started for a runner. */

/** STS: `GetCallerIdentity` of an assumed role's session. The role's path is not in it; its name is unique in the account. */
const SESSION = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/;
/** IAM; the name stands behind the last slash of the path. */
const ROLE = /^arn:([a-z-]+):iam::(\d{12}):role\/(?:.+\/)?([\w+=,.@-]+)$/;
/** ECS; tasks of accounts that never opted in to the long format have no cluster in theirs. */
const TASK = /^arn:([a-z-]+):ecs:[a-z0-9-]+:(\d{12}):task\/(?:[^/]+\/)?([a-zA-Z0-9-]+)$/;

/**
 * Why the signer is not the task; `undefined`: it is. ECS assumes a task's role with the task's id as the session's name
 * (aws/containers-roadmap#1917). Whoever may assume *some* role can choose that name too, so the role must be the task's own,
 * which ECS alone assumes (its trust policy; docs/decisions/0015-proof-of-identity.md).
 */
export function mismatch(task: { taskArn: string; role: string }, signer: string): string | undefined {
  const [, ...session] = SESSION.exec(signer) ?? [];
  const [, ...role] = ROLE.exec(task.role) ?? [];
  const [, ...own] = TASK.exec(task.taskArn) ?? [];
  if (role.length === 0 || own.length === 0) return 'its record names no role and task that could be compared';
  if (session.length === 0) return `it is signed by ${signer}, which is no session of a role`;
  const [partition, account, roleName, sessionName] = session;
  const isOwnRole = partition === role[0] && account === role[1] && roleName === role[2];
  if (!isOwnRole) return `it is signed by ${signer}, with another role than its task's`;
  const isOwnTask = partition === own[0] && account === own[1] && sessionName === own[2];
  return isOwnTask ? undefined : `it is signed by ${signer}, which is another task`;
}
