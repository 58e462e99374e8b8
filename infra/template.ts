/** CloudFormation, as much of it as we write. */

export type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export type Resource = {
  Type: string;
  Properties?: Record<string, Value>;
  DependsOn?: string | readonly string[];
  UpdatePolicy?: Record<string, Value>;
};

/** By logical id. */
export type Resources = Record<string, Resource>;

/** Texts that stand once in a template: by name, key and label. */
export type Mappings = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string | string[]>>>>>>;

export function ref(logicalId: string): Value {
  return { Ref: logicalId };
}

export function attribute(logicalId: string, name: string): Value {
  return { 'Fn::GetAtt': [logicalId, name] };
}

/** What stands there in the mappings of the template. */
export function found(name: string, key: string, label: string): Value {
  return { 'Fn::FindInMap': [name, key, label] };
}

export function sub(text: string): Value {
  return { 'Fn::Sub': text };
}

/** Text with references in it; text of ours is never read as a reference. */
export function joined(...parts: readonly Value[]): Value {
  return { 'Fn::Join': ['', [...parts]] };
}

/** `x64-large` as part of a logical id, which has letters and digits only; different names give different ids. */
export function idPart(name: string): string {
  return name
    .replaceAll(/[^a-zA-Z0-9]/g, (letter) => (letter === '-' ? 'D' : `X${letter.codePointAt(0)}`))
    .replace(/^[a-z]/, (letter) => letter.toUpperCase());
}
