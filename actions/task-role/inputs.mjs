// @ts-check

/**
 * The inputs as the runner hands them over, checked. An exception says which one is wrong.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {{ exportEnvironment: boolean, minimumMinutes: number, required: boolean }}
 */
export function readInputs(environment) {
  return {
    exportEnvironment: yesOrNo(environment, 'export-environment', 'true'),
    minimumMinutes: wholeNumber(environment, 'minimum-minutes', '15'),
    required: yesOrNo(environment, 'required', 'true'),
  };
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} name
 * @param {string} fallback
 */
function yesOrNo(environment, name, fallback) {
  const text = textOf(environment, name, fallback);
  // The spellings of YAML's core schema, in which `with:` is written.
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  throw new Error(`The input ${name} is "${text}": it must be true or false.`);
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} name
 * @param {string} fallback
 */
function wholeNumber(environment, name, fallback) {
  const text = textOf(environment, name, fallback);
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new Error(`The input ${name} is "${text}": it must be a whole number of minutes.`);
}

/**
 * The runner upper-cases the name and leaves its hyphens. An empty text, as from an unset variable, is no wish.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} name
 * @param {string} fallback
 */
function textOf(environment, name, fallback) {
  return environment[`INPUT_${name.toUpperCase()}`]?.trim() || fallback;
}
