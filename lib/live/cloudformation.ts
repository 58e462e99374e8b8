/** Answers to CloudFormation, which waits for them at a presigned address of S3. */
import type { CloudFormation, StackAnswer } from '../world.ts';

/** The function has some seconds left when it answers. */
const ATTEMPTS_MAX = 3;
const ATTEMPT_TIMEOUT_MS = 2_500;

export function createCloudFormation(): CloudFormation {
  return { answer };
}

/** Nothing is said about the address: whoever knows it can answer in our place. */
async function answer(url: string, content: StackAnswer): Promise<void> {
  let problem = '';
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    problem = await put(url, JSON.stringify(content));
    if (problem === '') return;
  }
  throw new Error(`CloudFormation could not be answered in ${ATTEMPTS_MAX} attempts: ${problem}`);
}

/** The address is signed for an empty content type (CloudFormation docs, "Custom resource responses"). Empty: it worked. */
async function put(url: string, body: string): Promise<string> {
  try {
    const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    const response = await fetch(url, { method: 'PUT', headers: { 'content-type': '' }, body, signal });
    await response.body?.cancel();
    return response.ok ? '' : `S3 answers ${response.status}`;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'no connection';
  }
}
