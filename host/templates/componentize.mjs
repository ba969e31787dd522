// Makes a component of a JavaScript plugin. `lifeos plugin build` hands it to node, in the plugin's folder.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { componentize } from '@bytecodealliance/componentize-js';

const [entry, witPath, worldName, output] = process.argv.slice(1);
// Without these the engine asks for nothing of WASI.
const disableFeatures = ['stdio', 'random', 'clocks', 'http', 'fetch-event'];
const { component } = await componentize({ sourcePath: resolve(entry), witPath: resolve(witPath), worldName, disableFeatures });
await writeFile(output, component);
