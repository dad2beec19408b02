// Whether the reference parser takes the document: node asyncapi.mjs FILE. Exit status 1, and why, where it does not.
import { Parser, fromFile } from '@asyncapi/parser';

const ERROR = 0;
const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse();
for (const found of diagnostics) console.log(`${found.severity === ERROR ? 'error' : 'note'}: ${found.message} (${found.path.join('/')})`);
const taken = document !== undefined && diagnostics.every((found) => found.severity !== ERROR);
if (taken) console.log(`${document.operations().all().length} operations, ${document.messages().all().length} messages`);
process.exit(taken ? 0 : 1);
