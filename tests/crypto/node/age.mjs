// Runs a list of jobs (JSON on stdin) with npm age-encryption, and answers in order (JSON on stdout).
// Bytes travel as base64.
import { text } from "node:stream/consumers";
import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from "age-encryption";

const bytes = (base64) => Uint8Array.from(Buffer.from(base64, "base64"));
const base64 = (data) => Buffer.from(data).toString("base64");

const work = {
  generate: async () => generateHybridIdentity(),
  recipient: async ({ identity }) => identityToRecipient(identity),
  async encrypt({ recipients = [], passphrase, workFactor, data }) {
    const encrypter = new Encrypter();
    for (const recipient of recipients) encrypter.addRecipient(recipient);
    if (passphrase) {
      encrypter.setPassphrase(passphrase);
      encrypter.setScryptWorkFactor(workFactor);
    }
    return base64(await encrypter.encrypt(bytes(data)));
  },
  async decrypt({ identity, passphrase, data }) {
    const decrypter = new Decrypter();
    if (identity) decrypter.addIdentity(identity);
    if (passphrase) decrypter.addPassphrase(passphrase);
    return base64(await decrypter.decrypt(bytes(data)));
  },
};

const answers = [];
for (const job of JSON.parse(await text(process.stdin))) answers.push(await work[job.do](job));
console.log(JSON.stringify(answers));
