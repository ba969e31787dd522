// The component's world `task`, made of the function `run` of `plugin.js`. An exception ends the run with its words.

import * as plugin from '../plugin.js';

export function run(input) {
  try {
    plugin.run(JSON.parse(input.options), input);
  } catch (error) {
    throw String(error);
  }
}
