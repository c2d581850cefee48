// Seals standard input to age recipients with npm's age-encryption, or opens it with an identity.
//   node age.mjs seal age1pq1… age1pq1… < plaintext > envelope
//   node age.mjs open AGE-SECRET-KEY-PQ-1… < envelope > plaintext
// Blank stanzas are made by recipients that the caller throws away; the caller shuffles them.
import { readFileSync, writeSync } from "node:fs";
import { Decrypter, Encrypter } from "age-encryption";

const [what, ...keys] = process.argv.slice(2);
const age = what === "seal" ? new Encrypter() : new Decrypter();
for (const key of keys) what === "seal" ? age.addRecipient(key) : age.addIdentity(key);
const input = new Uint8Array(readFileSync(0));
const output = await (what === "seal" ? age.encrypt(input) : age.decrypt(input));
for (let at = 0; at < output.length; ) at += writeSync(1, output, at);
