/**
 * Where the functions' code lies in the deployment bucket: under the hash of its bytes. By itself the framework uses the
 * time of the deploy, and so every deploy, of whatever, would update every function.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Resources, Value } from './template.ts';

/** What `uploadZipFile` of the framework takes. */
export type Upload = { filename: string; s3KeyDirname: string };

type Code = { [key: string]: Value };

/** Changes the template in place. `folder`: the key's first part; `packagePath`: where the zip files are. */
export function addressCode(resources: Resources, folder: string, packagePath: string): void {
  for (const code of codes(resources)) {
    const zip = basename(String(code['S3Key']));
    const hash = createHash('sha256')
      .update(readFileSync(join(packagePath, zip)))
      .digest('hex');
    code['S3Key'] = `${folder}/code/${hash}/${zip}`;
  }
}

/** Every zip file, to the place where the template expects it. */
export function uploads(resources: Resources, packagePath: string): Upload[] {
  return codes(resources).map((code) => {
    const key = String(code['S3Key']);
    return { filename: join(packagePath, basename(key)), s3KeyDirname: dirname(key) };
  });
}

function codes(resources: Resources): Code[] {
  const functions = Object.values(resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return functions.map(({ Properties }) => Properties?.['Code'] as Code);
}
